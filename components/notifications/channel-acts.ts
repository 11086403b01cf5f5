import type { ActionResult } from '@/lib/access/action'
import type { Outcome } from '@/lib/notifications/types'
import type { FormAct } from '@/components/team/submit-form'

/** The server actions on channels, handed down by the page: components import nothing from app. */
export interface ChannelActs {
  save: (input: unknown) => Promise<ActionResult<{ channelId: string }>>
  remove: (input: unknown) => Promise<ActionResult<object>>
  test: FormAct<{ outcome: Outcome }>
}
