import type { AuditEntry } from '@/lib/access/read-audit'
import { AuditList } from '@/components/audit/audit-list'
import { PageLink } from '@/components/page-link'

interface Props {
  /** The newest ones. */
  entries: AuditEntry[]
  /** As many were asked for. */
  most: number
  /** Address of the audit log's own page for this subject; null for who may not read it. */
  all: string | null
}

/** A page's own part of the audit log: who did what here. */
export function AuditPart({ entries, most, all }: Props) {
  return (
    <section aria-labelledby="who-did-what" className="min-w-0">
      <h2 id="who-did-what" className="mb-2 font-semibold">
        Who did what
      </h2>
      {entries.length === 0 ? (
        <p className="text-sm text-muted">Nothing was done here with Keyframe yet.</p>
      ) : (
        <AuditList entries={entries} label="Who did what" />
      )}
      {(all !== null || entries.length === most) && (
        <p className="mt-1 flex flex-wrap gap-x-3 text-[13px] text-muted">
          {entries.length === most && <span>The newest {most}.</span>}
          {all !== null && (
            <PageLink href={all} className="underline underline-offset-2 max-sm:inline-block max-sm:py-2">
              In the audit log
            </PageLink>
          )}
        </p>
      )}
    </section>
  )
}
