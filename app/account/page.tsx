import type { Metadata } from 'next'
import { requireSession } from '@/lib/access/require-user'
import { listSessions } from '@/lib/access/sessions'
import { Button } from '@/components/ui/button'
import { endOtherSessions, endSession } from './actions'
import { ChangePasswordForm } from './change-password-form'

export const metadata: Metadata = { title: 'Account · Keyframe' }

const instant = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

export default async function AccountPage() {
  const { id, user } = await requireSession()
  const sessions = await listSessions(user.id)
  return (
    <main className="mx-auto flex w-full max-w-2xl flex-col gap-8 p-4">
      <h1 className="text-xl font-semibold">{user.name}</h1>
      <section aria-labelledby="password-heading" className="flex flex-col gap-3">
        <h2 id="password-heading" className="font-semibold">Change password</h2>
        <ChangePasswordForm userName={user.name} />
      </section>
      <section aria-labelledby="sessions-heading" className="flex flex-col gap-3">
        <h2 id="sessions-heading" className="font-semibold">Sessions</h2>
        <ul className="flex flex-col divide-y divide-line rounded-md border border-line">
          {sessions.map((session) => (
            <li key={session.id} className="flex flex-wrap items-center justify-between gap-2 px-3 py-2">
              <div className="min-w-0">
                <div className="truncate text-sm">{session.agent || 'Unknown browser'}{session.id === id && <strong> · this one</strong>}</div>
                <div className="text-sm text-muted">since {instant.format(session.createdAtMs)}, last used {instant.format(session.seenAtMs)}</div>
              </div>
              {session.id !== id && (
                <form action={endSession}>
                  <input type="hidden" name="id" value={session.id} />
                  <Button type="submit" variant="outline">End session</Button>
                </form>
              )}
            </li>
          ))}
        </ul>
        {sessions.length > 1 && <form action={endOtherSessions}><Button type="submit" variant="outline">End all other sessions</Button></form>}
      </section>
    </main>
  )
}
