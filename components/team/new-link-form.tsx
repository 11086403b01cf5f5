import type { OneTimeLink } from '@/lib/access/invite-user'
import { LinkOnce } from '@/components/team/link-once'
import type { FormState } from '@/components/team/submit-form'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'

interface Props {
  /** Offers to end the password that the user has. */
  hasPassword: boolean
  state: FormState<OneTimeLink>
  user: { id: string; name: string }
  hours: number
}

/** A new one-time link for who lost the first one, or the password. Works without JavaScript. */
export function NewLinkForm({ state: [result, submit, pending], hasPassword, user, hours }: Props) {
  return (
    <div className="flex w-full min-w-0 flex-col items-start gap-2">
      <form action={submit} className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <input type="hidden" name="id" value={user.id} />
        <Button type="submit" variant="outline" disabled={pending}>
          New one-time link<span className="sr-only"> for {user.name}</span>
        </Button>
        {hasPassword && (
          <label
            className="flex items-center gap-2 max-sm:min-h-11"
            title="Until then it works, with all sessions, until the link is used."
          >
            <input type="checkbox" name="endPassword" className="size-4 shrink-0" />
            End the old password now<span className="sr-only"> of {user.name}</span>
          </label>
        )}
      </form>
      {result?.ok && <LinkOnce userName={result.userName} link={result.link} hours={hours} />}
      {result && !result.ok && (
        <Notice tone="danger" role="alert">
          {result.message}
        </Notice>
      )}
    </div>
  )
}
