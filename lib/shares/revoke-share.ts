import 'server-only'
import { z } from 'zod'
import { Refusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'

export const RevokeInput = z.object({ id: z.string().min(1) })

/** Ends a link at once, open pages included. Throws Refusal. */
export async function revokeShare({ id }: z.infer<typeof RevokeInput>): Promise<void> {
  const revoked = await store()
    .updateTable('shares')
    .set({ revoked_at_ms: Date.now() })
    .where('id', '=', id)
    .where('revoked_at_ms', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!revoked) throw new Refusal('This link was revoked already.')
  publish({ type: 'share', shareId: id })
}
