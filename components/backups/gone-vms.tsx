import type { BackedUpVm } from '@/lib/backups/catalogue/backup-summaries'
import { PageLink } from '@/components/page-link'
import { vmBackupsPath } from '@/components/paths'
import { When } from '@/components/when'

/** VMs that are no longer on their host, whose backups are kept: by UUID, for another VM may have the name. */
export function GoneVms({ vms }: { vms: BackedUpVm[] }) {
  if (vms.length === 0) return null
  return (
    <section aria-labelledby="gone-vms" className="flex min-w-0 flex-col gap-2">
      <h2 id="gone-vms" className="font-semibold">
        Backups of VMs that are gone
      </h2>
      <ul
        aria-labelledby="gone-vms"
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
            <span className="text-muted">
              {vm.host} · {vm.backups === 1 ? '1 backup' : `${vm.backups} backups`}, the newest{' '}
              <When ms={vm.newestAtMs} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
