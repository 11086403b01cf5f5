import type { ActionResult } from '@/lib/access/action'
import type { NewShare } from '@/lib/shares/types'
import type { FormAct } from '@/components/team/submit-form'

/** The server actions on share links, handed down by the page: components import nothing from app. */
export interface ShareActs {
  create: (input: unknown) => Promise<ActionResult<NewShare>>
  revoke: FormAct
}
