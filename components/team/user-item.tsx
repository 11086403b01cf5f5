import { CircleCheck, CircleSlash, Hourglass, KeyRound, type LucideIcon } from 'lucide-react'
import type { UserState, UserView } from '@/lib/access/list-users'
import { classNames } from '@/components/class-names'
import { SessionList } from '@/components/team/session-list'
import type { UserActs } from '@/components/team/user-acts'
import { UserManage } from '@/components/team/user-manage'
import { When } from '@/components/when'

const STATES: Record<UserState, { icon: LucideIcon; word: string; colour: string }> = {
  active: { icon: CircleCheck, word: 'active', colour: 'text-ok' },
  invited: { icon: Hourglass, word: 'invited, no password yet', colour: 'text-warn' },
  locked: { icon: KeyRound, word: 'no password: only the one-time link leads in', colour: 'text-warn' },
  disabled: { icon: CircleSlash, word: 'disabled', colour: 'text-danger' },
}

interface Props {
  user: UserView
  acts: UserActs
  /** The admin's own. */
  own: boolean
  ownSession: string
  hours: number
}

/** One user: who, how it stands, and what an admin can do. */
export function UserItem({ user, acts, own, ownSession, hours }: Props) {
  const { icon: Icon, word, colour } = STATES[user.state]
  return (
    <li className="flex flex-col gap-1 px-3 py-2 sm:px-4">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h2 className="min-w-0 font-medium break-names">
          {user.name}
          {own && <span className="font-normal text-muted"> (you)</span>}
        </h2>
        <span className="text-sm">{user.role}</span>
        <span className={classNames('inline-flex items-baseline gap-1 text-sm', colour)}>
          <Icon aria-hidden="true" className="size-3.5 translate-y-0.5" />
          {word}
        </span>
        <span className="text-[13px] text-muted">
          {user.seenAtMs === null ? (
            'never seen'
          ) : (
            <>
              last seen <When ms={user.seenAtMs} />
            </>
          )}
          {user.linkUntilMs !== null && (
            <>
              {' '}
              · one-time link until <When ms={user.linkUntilMs} />
            </>
          )}
        </span>
      </div>
      <UserManage
        user={user}
        acts={acts}
        own={own}
        hours={hours}
        otherSessions={user.sessions.filter((session) => session.id !== ownSession).length}
      >
        {user.sessions.length > 0 && (
          <SessionList sessions={user.sessions} ownId={ownSession} end={acts.endSession} user={user} />
        )}
      </UserManage>
    </li>
  )
}
