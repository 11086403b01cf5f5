import type { Protection } from '@/lib/schedules/types'
import { PageLink } from '@/components/page-link'
import { vmBackupsPath } from '@/components/paths'
import { When } from '@/components/when'

/** Which VMs are backed up next, the soonest first. */
export function NextRuns({ next }: { next: readonly Protection[] }) {
  return (
    <section aria-labelledby="next-runs" className="flex min-w-0 flex-col gap-2">
      <h2 id="next-runs" className="font-semibold">
        Next runs
      </h2>
      {next.length === 0 ? (
        <p className="text-sm text-muted">None: no VM is on a schedule that is on.</p>
      ) : (
        <ol
          aria-labelledby="next-runs"
          className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
        >
          {next.map((each) => (
            <li
              key={`${each.host} ${each.vmUuid}`}
              className="flex flex-wrap items-baseline gap-x-3 px-3 py-2 sm:px-4"
            >
              <When ms={each.nextRunMs!} />
              <PageLink
                href={vmBackupsPath(each.host, each.vmName)}
                className="min-w-0 break-names hover:underline max-sm:py-2"
              >
                {each.vmName}
              </PageLink>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
