import { CircleCheck, CircleSlash, Hourglass, type LucideIcon } from 'lucide-react'
import type { UserState, UserView } from '@/lib/access/list-users'
import { classNames } from '@/components/class-names'
import { PageLink } from '@/components/page-link'
import { auditPath } from '@/components/paths'
import { NewLinkForm } from '@/components/team/new-link-form'
import { RoleField } from '@/components/team/role-field'
import { SessionList } from '@/components/team/session-list'
import { SubmitForm } from '@/components/team/submit-form'
import type { UserActs } from '@/components/team/user-acts'
import { When } from '@/components/when'

const STATES: Record<UserState, { icon: LucideIcon; word: string; colour: string }> = {
  active: { icon: CircleCheck, word: 'active', colour: 'text-ok' },
  invited: { icon: Hourglass, word: 'invited, no password yet', colour: 'text-warn' },
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
  const ends = user.sessions.filter((session) => session.id !== ownSession)
  const id = <input type="hidden" name="id" value={user.id} />
  return (
    <li className="flex flex-col gap-1 px-3 py-2 sm:px-4">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h2 className="min-w-0 font-medium break-names">{user.name}{own && <span className="font-normal text-muted"> (you)</span>}</h2>
        <span className="text-sm">{user.role}</span>
        <span className={classNames('inline-flex items-baseline gap-1 text-sm', colour)}><Icon aria-hidden="true" className="size-3.5 translate-y-0.5" />{word}</span>
        <span className="text-[13px] text-muted">{user.seenAtMs === null ? 'never seen' : <>last seen <When ms={user.seenAtMs} /></>}{user.linkUntilMs !== null && <> · one-time link until <When ms={user.linkUntilMs} /></>}</span>
      </div>
      <details className="text-sm">
        <summary className="w-fit py-1 text-muted hover:text-ink max-sm:py-3">Manage {user.name}{user.sessions.length > 0 && ` · ${user.sessions.length} ${user.sessions.length === 1 ? 'session' : 'sessions'}`}</summary>
        <div className="flex flex-col gap-4 pt-2 pb-3">
          <SubmitForm act={acts.changeRole} label="Change role" to={`of ${user.name}`} done={`The role of ${user.name} is changed.`}>
            {id}
            <RoleField role={user.role} label={`Role of ${user.name}`} className="min-w-0 flex-1 basis-64 sm:max-w-md" />
          </SubmitForm>
          <div className="flex flex-wrap items-start gap-2">
            {user.state !== 'disabled' && <NewLinkForm act={acts.newLink} user={user} hours={hours} />}
            {user.state === 'disabled'
              ? <SubmitForm key="enable" act={acts.enable} label="Enable" to={user.name}>{id}</SubmitForm>
              : <SubmitForm key="disable" act={acts.disable} label="Disable" to={user.name} variant="danger">{id}</SubmitForm>}
            {user.state === 'invited' && <SubmitForm act={acts.withdraw} label="Withdraw invitation" to={`of ${user.name}`} variant="danger">{id}</SubmitForm>}
          </div>
          {user.sessions.length > 0 && (
            <>
              <SessionList sessions={user.sessions} ownId={ownSession} end={acts.endSession} user={user} />
              {ends.length > 1 && <SubmitForm act={acts.endSessions} label={own ? 'End all other sessions' : 'End all sessions'} to={`of ${user.name}`} size="small">{id}</SubmitForm>}
            </>
          )}
          <p><PageLink href={auditPath({ person: user.name })} className="underline underline-offset-2 max-sm:inline-block max-sm:py-2">What {user.name} did</PageLink></p>
        </div>
      </details>
    </li>
  )
}
