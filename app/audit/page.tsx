import type { Metadata } from 'next'
import { AUDIT_PAGE_SIZE, parseAuditQuery } from '@/lib/access/audit-query'
import { listUsers } from '@/lib/access/list-users'
import { searchAudit, SEARCHED_MAXIMUM } from '@/lib/access/read-audit'
import { requireUser } from '@/lib/access/require-user'
import { AuditForm } from '@/components/audit/audit-form'
import { AuditList } from '@/components/audit/audit-list'
import { RefreshOnAudit } from '@/components/live/refresh-on-change'
import { PageLink } from '@/components/page-link'
import { auditPath } from '@/components/paths'
import { buttonStyle } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'

export const metadata: Metadata = { title: 'Audit log · Keyframe' }

export default async function AuditPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  await requireUser('audit.read')
  const search = await searchParams
  const text = (key: string) => {
    const value = search[key]
    return typeof value === 'string' ? value : ''
  }
  const given = {
    person: text('person'),
    vm: text('vm'),
    act: text('act'),
    result: text('result'),
    q: text('q'),
    from: text('from'),
    until: text('until'),
  }
  const { query, complaints } = parseAuditQuery(search)
  const [{ entries, total, unsearchedUntilMs }, users] = await Promise.all([searchAudit(query), listUsers()])
  const first = (query.page - 1) * AUDIT_PAGE_SIZE
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-5xl flex-col gap-5 px-4 py-5 outline-none">
      <RefreshOnAudit />
      <div className="flex flex-wrap items-center gap-x-4">
        <h1 className="text-xl font-semibold">Audit log</h1>
        <p className="text-sm text-muted">Who did what to what. Nothing in it can be changed or removed.</p>
      </div>
      <AuditForm
        key={JSON.stringify(given)}
        given={given}
        people={users.map((user) => user.name)}
        timeZone={Intl.DateTimeFormat().resolvedOptions().timeZone}
      />
      {complaints.map((sentence) => (
        <Notice key={sentence} tone="warn" role="status">
          {sentence}
        </Notice>
      ))}
      {unsearchedUntilMs !== null && (
        <Notice tone="warn" role="status">
          Only the newest {SEARCHED_MAXIMUM.toLocaleString('en')} records were searched, those after{' '}
          <When ms={unsearchedUntilMs} />. Give an earlier time, a person or an act to search among others.
        </Notice>
      )}
      {entries.length > 0 ? (
        <AuditList entries={entries} label="Records" whole />
      ) : (
        <p className="rounded-lg border border-dashed border-line-strong/60 px-4 py-8 text-center text-sm text-muted">
          {total > 0 ? 'There are fewer pages than that.' : 'Nothing is recorded that this search finds.'}
        </p>
      )}
      {total > 0 && (
        <nav aria-label="Pages" className="flex flex-wrap items-center gap-3 text-sm">
          {query.page > 1 && (
            <PageLink
              href={auditPath({ ...given, page: query.page - 1 })}
              className={buttonStyle({ variant: 'outline' })}
            >
              Newer
            </PageLink>
          )}
          <span className="text-muted">
            {Math.min(first + 1, total)}–{Math.min(first + AUDIT_PAGE_SIZE, total)} of {total}
          </span>
          {first + AUDIT_PAGE_SIZE < total && (
            <PageLink
              href={auditPath({ ...given, page: query.page + 1 })}
              className={buttonStyle({ variant: 'outline' })}
            >
              Older
            </PageLink>
          )}
        </nav>
      )}
    </main>
  )
}
