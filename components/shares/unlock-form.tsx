import { shareUnlockPath } from '@/components/paths'
import { ShareFrame } from '@/components/shares/share-frame'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'

/** Asks for a share's password. A plain form, so that it works without JavaScript. */
export function UnlockForm({
  token,
  wrong,
  busy,
  waitMinutes,
}: {
  token: string
  wrong: boolean
  busy: boolean
  waitMinutes: number | null
}) {
  return (
    <ShareFrame narrow>
      <h1 className="text-xl font-semibold">This link has a password</h1>
      <form method="post" action={shareUnlockPath(token)} className="flex max-w-sm flex-col gap-4">
        {waitMinutes !== null && (
          <p role="alert" className="rounded-md border border-danger/40 bg-danger/10 px-3 py-2 text-sm">
            Too many tries. Try again in {waitMinutes} {waitMinutes === 1 ? 'minute' : 'minutes'}.
          </p>
        )}
        {busy && (
          <p role="alert" className="rounded-md border border-danger/40 bg-danger/10 px-3 py-2 text-sm">
            Too many people try to open this just now. Try again in a few seconds.
          </p>
        )}
        {wrong && (
          <p role="alert" className="rounded-md border border-danger/40 bg-danger/10 px-3 py-2 text-sm">
            The password is wrong.
          </p>
        )}
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          autoFocus
          hint="Whoever sent you the link knows it."
        />
        <Button type="submit">Open</Button>
      </form>
    </ShareFrame>
  )
}
