import type { SessionView } from '@/lib/access/sessions'
import { agentName } from '@/components/team/agent-name'
import { SubmitForm, type FormAct } from '@/components/team/submit-form'
import { When } from '@/components/when'

interface Props {
  sessions: SessionView[]
  /** The one in which this page is read. */
  ownId?: string
  end: FormAct
  /** Whose they are, where they are another's. */
  user?: { id: string; name: string }
}

/** Where a user is signed in: with what, from where, since when, and the way to end it. */
export function SessionList({ sessions, ownId, end, user }: Props) {
  return (
    <ul
      aria-label={user ? `Sessions of ${user.name}` : 'Sessions'}
      className="flex flex-col divide-y divide-line rounded-md border border-line bg-surface"
    >
      {sessions.map((session) => (
        <li key={session.id} className="flex flex-wrap items-center justify-between gap-2 px-3 py-2">
          <div className="min-w-0">
            <p title={session.agent} className="text-sm break-names">
              {agentName(session.agent)}
              {session.id === ownId && <strong> · this one</strong>}
            </p>
            <p className="text-[13px] text-muted">
              from {session.address ?? 'an unknown address'} · since <When ms={session.createdAtMs} /> · last
              used <When ms={session.seenAtMs} />
            </p>
          </div>
          {session.id !== ownId && (
            <SubmitForm act={end} label="End session" to={user && `of ${user.name}`} size="small">
              {user && <input type="hidden" name="id" value={user.id} />}
              <input type="hidden" name={user ? 'session' : 'id'} value={session.id} />
            </SubmitForm>
          )}
        </li>
      ))}
    </ul>
  )
}
