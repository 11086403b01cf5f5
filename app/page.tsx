import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { PageLink } from '@/components/page-link'
import { readHosts } from '@/lib/hosts/read-hosts'
import type { HostView } from '@/lib/hosts/types'
import { can } from '@/lib/access/permissions'
import { countUnprotected } from '@/lib/schedules/count-unprotected'
import { requireUser } from '@/lib/access/require-user'
import { HostStrip } from '@/components/list/host-strip'
import { PAGE_SIZE, parseListQuery, selectRows, toRows } from '@/components/list/list-query'
import { PagesNav } from '@/components/list/pages-nav'
import { SearchForm } from '@/components/list/search-form'
import { VmTable } from '@/components/list/vm-table'
import { RefreshOnHostChange } from '@/components/live/refresh-on-change'
import { ChosenVms } from '@/components/many/chosen-vms'
import { ManyBar } from '@/components/many/many-bar'
import { backupsPath, listPath } from '@/components/paths'
import { backupActs } from './backups/backup-acts'

export const metadata: Metadata = { title: 'VMs · Keyframe' }

export default async function ListPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const user = await requireUser('vm.list')
  const query = parseListQuery(await searchParams)
  const [hosts, unprotected] = await Promise.all([readHosts(), countUnprotected()])
  const all = toRows(hosts)
  const rows = selectRows(all, query)
  const shown = rows.slice((query.page - 1) * PAGE_SIZE, query.page * PAGE_SIZE)
  const choosable = can(user, 'snapshot.create') || can(user, 'backup.start') || can(user, 'schedule.save')
  const needy = all.filter((row) => row.vm.attention.length > 0).length
  return (
    <ChosenVms>
      <main className="mx-auto flex max-w-[90rem] flex-col gap-4 px-4 py-5">
        <RefreshOnHostChange />
        <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
          <h1 className="text-xl font-semibold">VMs</h1>
          <p className="text-sm text-muted">
            {all.length}{' '}
            {needy > 0 ? (
              <>
                ·{' '}
                <span className="font-medium text-warn">
                  {needy} {needy === 1 ? 'needs' : 'need'} attention
                </span>
              </>
            ) : (
              all.length > 0 && hosts.every((host) => host.status === 'up') && '· none needs attention'
            )}
            {unprotected > 0 && (
              <>
                {' '}
                ·{' '}
                <PageLink href={backupsPath()} className="text-accent underline max-sm:py-3">
                  {unprotected} not protected
                </PageLink>
              </>
            )}
          </p>
          <span className="flex-1 max-sm:hidden" />
          {all.length > 0 && <SearchForm query={query} />}
        </div>
        <HostStrip hosts={hosts} />
        {rows.length > 0 ? (
          <div className="overflow-x-auto rounded-lg border border-line bg-surface">
            <VmTable rows={shown} query={query} choosable={choosable} />
          </div>
        ) : (
          <Empty hosts={hosts} searched={query.q} />
        )}
        <PagesNav query={query} total={rows.length} />
        {choosable && (
          <ManyBar
            acts={backupActs}
            onPage={shown.map(({ vm }) => ({ host: vm.host, uuid: vm.uuid, name: vm.name }))}
          />
        )}
      </main>
    </ChosenVms>
  )
}

const Empty = (why: { hosts: HostView[]; searched: string }) => (
  <div className="rounded-lg border border-dashed border-line-strong/60 px-6 py-12 text-center">
    <p>
      <WhyEmpty {...why} />
    </p>
  </div>
)

function WhyEmpty({ hosts, searched }: { hosts: HostView[]; searched: string }): ReactNode {
  if (searched !== '')
    return (
      <>
        No VM, host or file is called “{searched}”.{' '}
        <PageLink href={listPath()} className="text-accent underline">
          Show all
        </PageLink>
      </>
    )
  if (hosts.length === 0) return 'No host is configured. Name one in LIBVIRT_URI and start Keyframe again.'
  if (hosts.every((host) => host.status !== 'up'))
    return 'No host answers yet. This page fills itself when one does.'
  return `There are no VMs on ${hosts.length === 1 ? hosts[0]!.name : 'these hosts'} yet. As soon as one is defined in libvirt, it appears here.`
}
