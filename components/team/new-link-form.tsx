import type { OneTimeLink } from '@/lib/access/invite-user'
import { LinkOnce } from '@/components/team/link-once'
import type { FormState } from '@/components/team/submit-form'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'

interface Props {
  state: FormState<OneTimeLink>
  user: { id: string; name: string }
  hours: number
}

/** A new one-time link for who lost the first one, or the password. Works without JavaScript. */
export function NewLinkForm({ state: [result, submit, pending], user, hours }: Props) {
  return (
    <div className="flex min-w-0 flex-col items-start gap-2 max-sm:w-full">
      <form action={submit}>
        <input type="hidden" name="id" value={user.id} />
        <Button type="submit" variant="outline" disabled={pending}>New one-time link<span className="sr-only"> for {user.name}</span></Button>
      </form>
      {result?.ok && <LinkOnce userName={result.userName} link={result.link} hours={hours} />}
      {result && !result.ok && <Notice tone="danger" role="alert">{result.message}</Notice>}
    </div>
  )
}
