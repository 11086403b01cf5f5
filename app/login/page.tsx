import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { currentSession } from '@/lib/access/current-user'
import { safeNextPath } from '@/lib/access/next-path'
import { signIn } from '@/lib/access/sign-in'
import { refusalSentence } from '@/lib/access/sign-in-refusal'
import { NobodySignedIn } from '@/components/offline/nobody-signed-in'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'

export const metadata: Metadata = { title: 'Sign in · Keyframe' }

export default async function LoginPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const query = await searchParams
  const next = safeNextPath(typeof query.next === 'string' ? query.next : null)
  if (await currentSession()) redirect(next)
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center gap-6 p-4">
      <NobodySignedIn />
      <h1 className="text-2xl font-semibold tracking-tight">Keyframe</h1>
      {typeof query.error === 'string' && (
        <p role="alert" className="rounded-md border border-danger/40 bg-danger/10 px-3 py-2 text-sm">
          {refusalSentence(query.error)}
        </p>
      )}
      <form action={signIn} className="flex flex-col gap-4">
        <input type="hidden" name="next" value={next} />
        <Field
          label="Username"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          autoFocus
        />
        <Field label="Password" name="password" type="password" autoComplete="current-password" required />
        <Button type="submit">Sign in</Button>
      </form>
    </main>
  )
}
