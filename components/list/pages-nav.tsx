import { PageLink } from '@/components/page-link'
import { listPath } from '@/components/paths'
import { buttonStyle } from '@/components/ui/button'
import { PAGE_SIZE, type ListQuery } from '@/components/list/list-query'

/** The way to the other pages of a long list. */
export function PagesNav({ query, total }: { query: ListQuery; total: number }) {
  const last = Math.max(1, Math.ceil(total / PAGE_SIZE))
  if (last === 1) return null
  const first = (query.page - 1) * PAGE_SIZE
  return (
    <nav aria-label="Pages" className="flex flex-wrap items-center gap-3 text-sm">
      {query.page > 1 && (
        <PageLink
          href={listPath({ ...query, page: query.page - 1 })}
          className={buttonStyle({ variant: 'outline' })}
        >
          Previous
        </PageLink>
      )}
      <span className="text-muted">
        {Math.min(first + 1, total)}–{Math.min(first + PAGE_SIZE, total)} of {total}
      </span>
      {query.page < last && (
        <PageLink
          href={listPath({ ...query, page: query.page + 1 })}
          className={buttonStyle({ variant: 'outline' })}
        >
          Next
        </PageLink>
      )}
    </nav>
  )
}
