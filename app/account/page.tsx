import type { Metadata } from 'next'
import { can } from '@/lib/access/permissions'
import { requireSession } from '@/lib/access/require-user'
import { listSessions } from '@/lib/access/sessions'
import { PageLink } from '@/components/page-link'
import { auditPath, notificationsPath, sharesPath, usersPath } from '@/components/paths'
import { roleWords } from '@/components/team/role-words'
import { SessionList } from '@/components/team/session-list'
import { SubmitForm } from '@/components/team/submit-form'
import { buttonStyle } from '@/components/ui/button'
import { endOtherSessions, endSession } from './actions'
import { ChangePasswordForm } from './change-password-form'

export const metadata: Metadata = { title: 'Account · Keyframe' }

export default async function AccountPage() {
  const { id, user } = await requireSession('account.read')
  const sessions = await listSessions(user.id)
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-2xl flex-col gap-8 p-4 outline-none">
      <header className="flex flex-col gap-3">
        <div>
          <h1 className="text-xl font-semibold break-names">{user.name}</h1>
          <p className="text-sm text-muted">
            <span className="font-medium text-ink">{user.role}</span>: {roleWords(user.role)}
          </p>
        </div>
        {can(user, 'share.list') && (
          <nav aria-label="More pages" className="flex flex-wrap gap-2 md:hidden">
            <PageLink href={sharesPath()} className={buttonStyle({ variant: 'outline' })}>
              Shares
            </PageLink>
            {can(user, 'user.list') && (
              <PageLink href={usersPath()} className={buttonStyle({ variant: 'outline' })}>
                Users
              </PageLink>
            )}
            {can(user, 'audit.read') && (
              <PageLink href={auditPath()} className={buttonStyle({ variant: 'outline' })}>
                Audit log
              </PageLink>
            )}
            {can(user, 'notification.read') && (
              <PageLink href={notificationsPath()} className={buttonStyle({ variant: 'outline' })}>
                Notifications
              </PageLink>
            )}
          </nav>
        )}
      </header>
      <section aria-labelledby="password-heading" className="flex flex-col gap-3">
        <h2 id="password-heading" className="font-semibold">
          Change password
        </h2>
        <ChangePasswordForm userName={user.name} />
      </section>
      <section aria-labelledby="sessions-heading" className="flex flex-col gap-3">
        <h2 id="sessions-heading" className="font-semibold">
          Sessions
        </h2>
        <SessionList sessions={sessions} ownId={id} end={endSession} />
        {sessions.length > 1 && (
          <SubmitForm act={endOtherSessions} label="End all other sessions" done="They are ended." />
        )}
      </section>
    </main>
  )
}
