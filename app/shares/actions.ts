'use server' // every export here is a public POST endpoint, whatever page shows it

import { revalidatePath } from 'next/cache'
import { action, type ActionResult } from '@/lib/access/action'
import { ofNewShare, ofShare } from '@/lib/access/subjects'
import { createShare as create, ShareInput } from '@/lib/shares/create-share'
import { RevokeInput, revokeShare } from '@/lib/shares/revoke-share'

export const createShare = action('share.create', ShareInput, ofNewShare, ({ user, input }) =>
  create(input, user),
)
const revoke = action('share.revoke', RevokeInput, ofShare, async ({ input }) => {
  await revokeShare(input)
  return {}
})

/** The list as it is now comes back with the answer. */
export async function submitRevoke(
  _before: ActionResult<object> | null,
  form: FormData,
): Promise<ActionResult<object>> {
  const result = await revoke(form)
  revalidatePath('/shares')
  return result
}
