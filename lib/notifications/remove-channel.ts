import 'server-only'
import { z } from 'zod'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { requireChannel } from './channels.ts'

export const ChannelIdInput = z.object({ id: z.string().min(1) })

/** Forgets a channel, its secrets, and what waits to be sent by it. Throws Refusal. */
export async function removeChannel({ id }: z.infer<typeof ChannelIdInput>): Promise<void> {
  await requireChannel(id)
  await store().deleteFrom('notification_channels').where('id', '=', id).execute()
  publish({ type: 'notifications' })
}
