'use server' // every export here is a public POST endpoint, whatever page shows it

import { revalidatePath } from 'next/cache'
import { action, type ActionResult } from '@/lib/access/action'
import { ofNothing } from '@/lib/access/subjects'
import { ChannelInput } from '@/lib/notifications/channel-input'
import { ChannelIdInput, removeChannel as remove } from '@/lib/notifications/remove-channel'
import { saveChannel as save } from '@/lib/notifications/save-channel'
import { testChannel } from '@/lib/notifications/test-channel'
import type { Outcome } from '@/lib/notifications/types'

export const saveChannel = action('notification.save', ChannelInput, ofNothing, ({ user, input }) =>
  save(input, user),
)
export const removeChannel = action('notification.remove', ChannelIdInput, ofNothing, async ({ input }) => {
  await remove(input)
  return {}
})
const test = action('notification.test', ChannelIdInput, ofNothing, async ({ user, input }) => ({
  outcome: await testChannel(input.id, user),
}))

/** The list as it is now comes back with the answer. */
export async function submitTest(
  _before: ActionResult<{ outcome: Outcome }> | null,
  form: FormData,
): Promise<ActionResult<{ outcome: Outcome }>> {
  const result = await test(form)
  revalidatePath('/notifications')
  return result
}
