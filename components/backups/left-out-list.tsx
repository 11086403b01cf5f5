import type { LeftOut } from '@/lib/schedules/left-out'
import { PageLink } from '@/components/page-link'
import { vmBackupsPath } from '@/components/paths'
import { When } from '@/components/when'

/** VMs that are left out of protection, folded: they are no news. */
export function LeftOutList({ vms }: { vms: LeftOut[] }) {
  if (vms.length === 0) return null
  return (
    <details>
      <summary className="w-fit py-1 text-sm font-medium max-sm:py-3">
        {vms.length === 1
          ? 'One VM is left out of protection'
          : `${vms.length} VMs are left out of protection`}
      </summary>
      <ul
        aria-label="Left out of protection"
        className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
      >
        {vms.map((vm) => (
          <li
            key={`${vm.host} ${vm.vmUuid}`}
            className="flex flex-wrap items-baseline gap-x-3 px-3 py-2 sm:px-4"
          >
            <PageLink
              href={vmBackupsPath(vm.host, vm.vmUuid)}
              className="min-w-0 font-medium break-names text-accent hover:underline max-sm:py-2"
            >
              {vm.vmName}
            </PageLink>
            <span className="text-muted">{vm.host}</span>
            <span className="min-w-0 break-names text-muted">
              {vm.reason}{' '}
              <span className="whitespace-nowrap">
                By {vm.by} <When ms={vm.atMs} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}
