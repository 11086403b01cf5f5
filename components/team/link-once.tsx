import type { OneTimeLink } from '@/lib/access/invite-user'
import { CopyButton } from '@/components/ui/copy-button'
import { Notice } from '@/components/ui/notice'

/** A one-time link, on the only page that ever shows it. */
export function LinkOnce({ userName, link, hours }: OneTimeLink & { hours: number }) {
  return (
    <Notice tone="ok" role="status" className="w-full">
      <p>Send this link to {userName}. It is shown only now, works once, and ends in {hours} hours.</p>
      <p className="mt-1 flex items-center gap-1">
        <code aria-label={`One-time link for ${userName}`} className="min-w-0 flex-1 rounded bg-sunken px-2 py-1 text-[13px] break-all select-all">{link}</code>
        <CopyButton text={link} label="Copy the link" />
      </p>
    </Notice>
  )
}
