import type { OneTimeLink } from '@/lib/access/invite-user'
import { classNames } from '@/components/class-names'
import { CopyButton } from '@/components/ui/copy-button'
import { inputStyle } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'

/** A one-time link, on the only page that ever shows it. */
export function LinkOnce({ userName, link, hours }: OneTimeLink & { hours: number }) {
  return (
    <Notice tone="ok" role="status" className="w-full">
      <p>
        Send this link to {userName}. It is shown only now, works once, and ends in {hours} hours.
      </p>
      <div className="mt-1 flex items-center gap-1">
        <input
          readOnly
          value={link}
          aria-label={`One-time link for ${userName}`}
          className={classNames(inputStyle, 'flex-1')}
        />
        <CopyButton text={link} label="Copy the link" />
      </div>
    </Notice>
  )
}
