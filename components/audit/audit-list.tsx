import { auditWords } from '@/lib/access/audit-acts'
import type { AuditEntry } from '@/lib/access/read-audit'
import { AuditStatusMark } from '@/components/audit/audit-status'
import { PageLink } from '@/components/page-link'
import { jobPagePath, snapshotPath, vmPath } from '@/components/paths'
import { When } from '@/components/when'

const linkStyle = 'min-w-0 break-names text-accent hover:underline max-sm:py-2'

/** Records, one below the other. `whole`: with the address and what was asked, which are the admins' only. */
export function AuditList({
  entries,
  label,
  whole = false,
}: {
  entries: AuditEntry[]
  label: string
  whole?: boolean
}) {
  return (
    <ol aria-label={label} className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
      {entries.map((entry) => (
        <li key={entry.id} className="px-3 py-2 sm:px-4">
          <div className="flex flex-wrap items-baseline gap-x-3">
            <span className="font-medium break-names">{entry.userName}</span>
            <span>
              {auditWords(entry.act)}
              {entry.subjectUser !== null && <span className="break-names"> · {entry.subjectUser}</span>}
            </span>
            <AuditStatusMark status={entry.status} />
            <span className="text-[13px] text-muted">
              <When ms={entry.atMs} />
              {whole && entry.address !== null && ` · from ${entry.address}`}
            </span>
          </div>
          <Subject entry={entry} />
          {entry.sentence !== null && <p className="text-[13px] break-names text-muted">{entry.sentence}</p>}
          {whole && entry.asked !== '{}' && entry.asked !== 'null' && (
            <details className="text-[13px]">
              <summary className="w-fit py-1 text-muted hover:text-ink max-sm:py-3">What was asked</summary>
              <pre
                tabIndex={0}
                className="mt-1 overflow-x-auto rounded-md border border-line bg-sunken/60 px-3 py-2 text-xs whitespace-pre-wrap break-names"
              >
                {entry.asked}
              </pre>
            </details>
          )}
        </li>
      ))}
    </ol>
  )
}

/** What it was done to, each with its page: the VM's by its UUID, for it may be called otherwise by now. */
function Subject({ entry: { host, vmUuid, vmName, snapshot, job } }: { entry: AuditEntry }) {
  if (host === null && job === null) return null
  return (
    <p className="flex flex-wrap items-baseline gap-x-3 text-[13px]">
      {host !== null && vmUuid !== null && (
        <PageLink href={vmPath(host, vmUuid)} className={linkStyle}>
          {vmName ?? `VM ${vmUuid}`}
        </PageLink>
      )}
      {snapshot !== null &&
        (host !== null && vmUuid !== null ? (
          <PageLink href={snapshotPath(host, vmUuid, snapshot)} className={linkStyle}>
            {snapshot}
          </PageLink>
        ) : (
          <span className="break-names">{snapshot}</span>
        ))}
      {job !== null && (
        <PageLink href={jobPagePath(job.id)} className={linkStyle}>
          {job.title ?? 'The job'}
        </PageLink>
      )}
      {host !== null && <span className="break-names text-muted">{host}</span>}
    </p>
  )
}
