import type { CheckReport as Report, Severity } from '@/lib/repairs/types'
import { FindingItem } from '@/components/check/finding-item'
import { summaryOf } from '@/components/check/summary-of'
import { PageLink } from '@/components/page-link'
import { buttonStyle } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'

const GROUPS: { severity: Severity; title: string; colour: string }[] = [
  { severity: 'danger', title: 'Act now', colour: 'text-danger' },
  { severity: 'warn', title: 'To repair', colour: 'text-warn' },
  { severity: 'info', title: 'Worth knowing', colour: 'text-muted' },
]

/** The answer first, then what was found, the worst first. */
export function CheckReport({ report, subject, path }: { report: Report; subject: string; path: string }) {
  const { sentence, tone } = summaryOf(report, subject)
  return (
    <>
      <Notice tone={tone} role="status">
        <p className="font-medium">{sentence}</p>
        <p className="text-muted">
          Checked <When ms={report.checkedAtMs} />
          {report.folders.length > 0 && <>, with the files in {report.folders.join(', ')}</>}. Nothing is
          repaired by itself.
        </p>
      </Notice>
      <p>
        <PageLink href={path} className={buttonStyle({ variant: 'outline', size: 'small' })}>
          Check again
        </PageLink>
      </p>
      {GROUPS.map(({ severity, title, colour }) => {
        const findings = report.findings.filter((finding) => finding.severity === severity)
        return (
          findings.length > 0 && (
            <section
              key={severity}
              aria-labelledby={`findings-${severity}`}
              className="flex min-w-0 flex-col gap-2"
            >
              <h2 id={`findings-${severity}`} className="font-semibold">
                <span className={colour}>{title}</span>{' '}
                <span className="font-normal text-muted">{findings.length}</span>
              </h2>
              <ul
                aria-labelledby={`findings-${severity}`}
                className="divide-y divide-line rounded-lg border border-line bg-surface"
              >
                {findings.map((finding, index) => (
                  <FindingItem key={finding.id} finding={finding} number={`${severity}-${index}`} />
                ))}
              </ul>
            </section>
          )
        )
      })}
      {report.notes.length > 0 && (
        <section aria-labelledby="not-looked-at" className="flex flex-col gap-1 text-sm text-muted">
          <h2 id="not-looked-at" className="font-semibold text-ink">
            Not looked at
          </h2>
          <ul className="flex list-disc flex-col gap-1 pl-5">
            {report.notes.map((note) => (
              <li key={note} className="break-names">
                {note}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
