import type { RoleChanged } from '@/lib/access/change-role'
import type { UserDisabled } from '@/lib/access/disable-user'
import type { OneTimeLink } from '@/lib/access/invite-user'
import type { FormAct } from '@/components/team/submit-form'

/** The server actions of the page of users, handed down by it: components import nothing from app. */
export interface UserActs {
  changeRole: FormAct<RoleChanged>
  disable: FormAct<UserDisabled>
  enable: FormAct
  newLink: FormAct<OneTimeLink>
  withdraw: FormAct
  endSession: FormAct
  endSessions: FormAct
}
