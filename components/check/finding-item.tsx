import type { Evidence, Finding } from '@/lib/repairs/types'
import { OnlyWhoMay } from '@/components/access/may'
import { RepairButton } from '@/components/check/repair-dialogs'
import { RepairPreview } from '@/components/check/repair-preview'
import { formatBytes } from '@/components/format-bytes'
import { PageLink } from '@/components/page-link'
import { vmPath } from '@/components/paths'
import { buttonStyle } from '@/components/ui/button'
import { When } from '@/components/when'

/** One finding: what is wrong, what shows it, and the way out. Its preview can be read without JavaScript, too. */
export function FindingItem({ finding, number }: { finding: Finding; number: string }) {
  const { repair, vm, actOnVmPage } = finding
  const id = `finding-${number}`
  return (
    <li className="flex flex-col gap-2 px-3 py-3 sm:px-4">
      <p id={id} className="font-medium break-names">
        {finding.sentence}
      </p>
      {finding.evidence.length > 0 && (
        <ul className="flex flex-col gap-1 text-[13px]">
          {finding.evidence.map((each, index) => (
            <EvidenceLine key={`${index} ${each.text}`} evidence={each} />
          ))}
        </ul>
      )}
      {finding.advice !== null && <p className="text-sm break-names text-muted">{finding.advice}</p>}
      {finding.commands.map((command) => (
        <pre
          key={command}
          tabIndex={0}
          className="overflow-x-auto rounded-md border border-line bg-sunken/60 px-3 py-2 text-xs"
        >
          {command}
        </pre>
      ))}
      {repair && (
        <details className="text-[13px]">
          <summary className="w-fit py-1 text-muted hover:text-ink max-sm:py-3">
            What “{repair.label}” does
          </summary>
          <div className="mt-1">
            <RepairPreview repair={repair} />
          </div>
        </details>
      )}
      {(repair !== null || actOnVmPage !== null) && (
        <div className="flex flex-wrap gap-2">
          {repair && <RepairButton repair={repair} describedBy={id} />}
          {vm && actOnVmPage !== null && (
            <OnlyWhoMay act="repair.start">
              <PageLink
                href={vmPath(vm.host, vm.name)}
                className={buttonStyle({ variant: 'outline', size: 'small' })}
              >
                {actOnVmPage}
                <span className="max-w-40 truncate text-muted"> on {vm.name}’s page</span>
              </PageLink>
            </OnlyWhoMay>
          )}
        </div>
      )}
    </li>
  )
}

const EvidenceLine = ({ evidence }: { evidence: Evidence }) => (
  <li className="flex flex-wrap items-baseline gap-x-3">
    {evidence.path !== null && <span className="min-w-0 break-names">{evidence.path}</span>}
    <span className="min-w-0 break-names text-muted">
      {evidence.text}
      {evidence.bytes !== null && (
        <>
          {' '}
          · <span className="whitespace-nowrap">{formatBytes(evidence.bytes)}</span>
        </>
      )}
      {evidence.atMs !== null && (
        <>
          {' '}
          · {evidence.path !== null && 'changed '}
          <When ms={evidence.atMs} />
        </>
      )}
    </span>
  </li>
)
