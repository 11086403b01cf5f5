import type { OneTimeLink } from '@/lib/access/invite-user'
import type { FormAct } from '@/components/team/submit-form'

/** The server actions of the page of users, handed down by it: components import nothing from app. */
export interface UserActs {
  changeRole: FormAct
  disable: FormAct
  enable: FormAct
  newLink: FormAct<OneTimeLink>
  withdraw: FormAct
  endSession: FormAct
  endSessions: FormAct
}
