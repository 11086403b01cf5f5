import type { Protection, Schedule } from '@/lib/schedules/types'
import { MendButton } from '@/components/backups/protection-line'
import { PROTECTION_WORDS } from '@/components/backups/protection-looks'
import { PageLink } from '@/components/page-link'
import { vmBackupsPath } from '@/components/paths'
import { When } from '@/components/when'

const COLOURS = { protected: 'text-ok', 'at-risk': 'text-warn', unprotected: 'text-danger' } as const

/** Each VM with its answer; what is wrong has the button that mends it. */
export function ProtectionRows({
  label,
  protections,
  schedules,
}: {
  label: string
  protections: Protection[]
  schedules: Schedule[]
}) {
  return (
    <ul aria-label={label} className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
      {protections.map((protection) => (
        <li
          key={`${protection.host} ${protection.vmUuid}`}
          className="flex flex-wrap items-center gap-x-4 gap-y-1.5 px-3 py-2.5 sm:px-4"
        >
          <div className="min-w-0 flex-1 basis-60">
            <p className="flex flex-wrap items-baseline gap-x-2">
              <PageLink
                href={vmBackupsPath(protection.host, protection.vmName)}
                className="min-w-0 font-medium break-names text-accent hover:underline max-sm:py-2"
              >
                {protection.vmName}
              </PageLink>
              <span className="text-muted">{protection.host}</span>
              <span className={`font-medium ${COLOURS[protection.state]}`}>
                {PROTECTION_WORDS[protection.state]}
              </span>
            </p>
            {protection.state !== 'protected' && <p className="break-names">{protection.sentence}</p>}
            {protection.lastGood && (
              <p className="text-[13px] text-muted">
                Last good backup <When ms={protection.lastGood.atMs} />
              </p>
            )}
          </div>
          {protection.mend && (
            <MendButton mend={protection.mend} protection={protection} schedules={schedules} backups={[]} />
          )}
        </li>
      ))}
    </ul>
  )
}
