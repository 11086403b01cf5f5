import type * as users from '@/app/users/actions'

/** The server actions of the page of users, handed down by it. */
export interface UserActs {
  changeRole: typeof users.submitRole
  disable: typeof users.submitDisable
  enable: typeof users.submitEnable
  newLink: typeof users.submitNewLink
  withdraw: typeof users.submitWithdrawal
  endSession: typeof users.submitEndSession
  endSessions: typeof users.submitEndSessions
}
