import type { Metadata } from 'next'
import { readSetupToken } from '@/lib/access/setup-link'
import { PASSWORD_MAX_CHARACTERS, PASSWORD_MIN_CHARACTERS } from '@/lib/access/password'
import { NobodySignedIn } from '@/components/offline/nobody-signed-in'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { setUp } from './actions'

// The token must not reach other sites. Not `no-referrer`: with it a browser posts the form as from the origin `null`, which Next refuses.
export const metadata: Metadata = {
  title: 'Choose a password · Keyframe',
  robots: { index: false },
  referrer: 'same-origin',
}

export default async function SetupPage({
  params,
  searchParams,
}: {
  params: Promise<{ token: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const { token } = await params
  const { short } = await searchParams
  const found = await readSetupToken(token)
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center gap-6 p-4">
      <NobodySignedIn />
      <h1 className="text-2xl font-semibold tracking-tight">Keyframe</h1>
      {found ? (
        <form action={setUp} className="flex flex-col gap-4">
          <p className="text-sm break-names text-muted">
            Choose the password of the user “{found.userName}”. This link works once.
          </p>
          {short !== undefined && (
            <p role="alert" className="rounded-md border border-danger/40 bg-danger/10 px-3 py-2 text-sm">
              The password must have {PASSWORD_MIN_CHARACTERS} to {PASSWORD_MAX_CHARACTERS} characters.
            </p>
          )}
          <input type="hidden" name="token" value={token} />
          <input type="hidden" name="username" value={found.userName} autoComplete="username" />
          <Field
            label="Password"
            name="password"
            type="password"
            autoComplete="new-password"
            minLength={PASSWORD_MIN_CHARACTERS}
            required
            autoFocus
          />
          <Button type="submit">Set password</Button>
        </form>
      ) : (
        <p role="alert" className="text-sm">
          This link was used already or is too old. Ask an admin for a new one. If nobody can sign in yet,
          restart Keyframe: it prints one.
        </p>
      )}
    </main>
  )
}
