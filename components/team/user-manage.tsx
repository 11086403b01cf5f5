'use client'

import { useActionState, type ReactNode } from 'react'
import type { RoleChanged } from '@/lib/access/change-role'
import type { UserView } from '@/lib/access/list-users'
import { PageLink } from '@/components/page-link'
import { auditPath } from '@/components/paths'
import { NewLinkForm } from '@/components/team/new-link-form'
import { RoleField } from '@/components/team/role-field'
import { StateForm } from '@/components/team/submit-form'
import type { UserActs } from '@/components/team/user-acts'

interface Props {
  user: UserView
  acts: UserActs
  own: boolean
  hours: number
  /** Besides the one in which this page is read. */
  otherSessions: number
  /** The user's sessions. */
  children: ReactNode
}

/** What became of the share links that a user had made. */
function revokedSentence(count: number): string {
  if (count === 0) return ''
  if (count === 1) return ' The share link that they had made is revoked.'
  return ` The ${count} share links that they had made are revoked.`
}

const roleSentence = (name: string, { sharesRevoked, linkEnded }: RoleChanged) =>
  `The role of ${name} is changed.${linkEnded ? ' Their one-time link ended: make a new one if they still need it.' : ''}${revokedSentence(sharesRevoked)}`

/** What an admin can do with a user, folded up until it is wanted. */
export function UserManage({ user, acts, own, hours, otherSessions, children }: Props) {
  const [role, disable, enable, newLink, withdraw, endAll] = [
    useActionState(acts.changeRole, null),
    useActionState(acts.disable, null),
    useActionState(acts.enable, null),
    useActionState(acts.newLink, null),
    useActionState(acts.withdraw, null),
    useActionState(acts.endSessions, null),
  ]
  // Without JavaScript the answer comes with a new page, and must not be hidden there.
  const answered = [role, disable, enable, newLink, withdraw, endAll].some(([result]) => result !== null)
  const id = <input type="hidden" name="id" value={user.id} />
  const sessions = user.sessions.length
  const gone = disable[0]?.ok && user.state === 'disabled' ? disable[0] : null
  return (
    <details open={answered || undefined} className="text-sm">
      <summary className="w-fit max-w-full py-1 break-names text-muted hover:text-ink max-sm:py-3">
        Manage {user.name}
        {sessions > 0 && ` · ${sessions} ${sessions === 1 ? 'session' : 'sessions'}`}
      </summary>
      <div className="flex flex-col gap-4 pt-2 pb-3">
        <StateForm
          state={role}
          label="Change role"
          to={`of ${user.name}`}
          done={role[0]?.ok ? roleSentence(user.name, role[0]) : undefined}
        >
          {id}
          <RoleField
            role={user.role}
            label={`Role of ${user.name}`}
            className="min-w-0 flex-1 basis-64 sm:max-w-md"
          />
        </StateForm>
        {/* The button that was pressed is another one now. */}
        <p role="status" className="empty:sr-only">
          {gone && `${user.name} is disabled and signed out.${revokedSentence(gone.sharesRevoked)}`}
        </p>
        <div className="flex flex-wrap items-start gap-2">
          {user.state !== 'disabled' && (
            <NewLinkForm state={newLink} hasPassword={user.state === 'active'} user={user} hours={hours} />
          )}
          {user.state === 'disabled' ? (
            <StateForm key="enable" state={enable} label="Enable" to={user.name}>
              {id}
            </StateForm>
          ) : (
            <StateForm key="disable" state={disable} label="Disable" to={user.name} variant="danger">
              {id}
            </StateForm>
          )}
          {user.state === 'invited' && (
            <StateForm state={withdraw} label="Withdraw invitation" to={`of ${user.name}`} variant="danger">
              {id}
            </StateForm>
          )}
        </div>
        {children}
        {otherSessions > 1 && (
          <StateForm
            state={endAll}
            label={own ? 'End all other sessions' : 'End all sessions'}
            to={`of ${user.name}`}
            size="small"
          >
            {id}
          </StateForm>
        )}
        <p>
          <PageLink
            href={auditPath({ person: user.name })}
            className="underline underline-offset-2 max-sm:inline-block max-sm:py-2"
          >
            What {user.name} did
          </PageLink>
        </p>
      </div>
    </details>
  )
}
