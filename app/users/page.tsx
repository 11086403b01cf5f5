import type { Metadata } from 'next'
import { listUsers } from '@/lib/access/list-users'
import { requireSession } from '@/lib/access/require-user'
import { LINK_LIFETIME_HOURS } from '@/lib/access/setup-link'
import { RefreshOnUsersChange } from '@/components/live/refresh-on-change'
import { InviteForm } from '@/components/team/invite-form'
import type { UserActs } from '@/components/team/user-acts'
import { UserItem } from '@/components/team/user-item'
import {
  submitDisable,
  submitEnable,
  submitEndSession,
  submitEndSessions,
  submitInvitation,
  submitNewLink,
  submitRole,
  submitWithdrawal,
} from './actions'

export const metadata: Metadata = { title: 'Users · Keyframe' }

const acts: UserActs = {
  changeRole: submitRole,
  disable: submitDisable,
  enable: submitEnable,
  newLink: submitNewLink,
  withdraw: submitWithdrawal,
  endSession: submitEndSession,
  endSessions: submitEndSessions,
}

export default async function UsersPage() {
  const { id, user } = await requireSession('user.list')
  const users = await listUsers()
  const able = users.filter((each) => each.state === 'active').length
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 py-5 outline-none">
      <RefreshOnUsersChange />
      <div className="flex flex-wrap items-center gap-x-4">
        <h1 className="text-xl font-semibold">Users</h1>
        <p className="text-sm text-muted">
          {able} can sign in{users.length > able && ` · ${users.length - able} can’t`}
        </p>
      </div>
      <InviteForm act={submitInvitation} hours={LINK_LIFETIME_HOURS} />
      <ul aria-label="Users" className="divide-y divide-line rounded-lg border border-line bg-surface">
        {users.map((each) => (
          <UserItem
            key={each.id}
            user={each}
            acts={acts}
            own={each.id === user.id}
            ownSession={id}
            hours={LINK_LIFETIME_HOURS}
          />
        ))}
      </ul>
    </main>
  )
}
