import type { HostView, VmSummary } from '@/lib/hosts/types'

/** VMs a page shows: a thousand rows at once are slow on a phone. */
export const PAGE_SIZE = 200

export const SORTS = {
  attention: 'Attention first',
  name: 'Name',
  host: 'Host',
  state: 'State',
  depth: 'Chain depth',
  allocated: 'Allocated',
  virtual: 'Virtual size',
  snapshots: 'Snapshots',
} as const
export type Sort = keyof typeof SORTS

export interface ListQuery {
  q: string
  sort: Sort
  page: number
}

/** What the address asks for; whatever can't be read is the default. */
export function parseListQuery(search: Record<string, string | string[] | undefined>): ListQuery {
  const text = (key: string) => {
    const value = search[key]
    return typeof value === 'string' ? value : ''
  }
  const sort = text('sort')
  const page = Number(text('page'))
  return {
    q: text('q').trim().slice(0, 200),
    sort: Object.hasOwn(SORTS, sort) ? (sort as Sort) : 'attention',
    page: Number.isInteger(page) && page > 0 ? page : 1,
  }
}

export interface Row {
  vm: VmSummary
  hostDown: boolean
  depth: number | null
  allocatedBytes: number | null
  virtualBytes: number | null
}

const largest = (values: (number | null)[]) =>
  values.reduce((most, each) => (each === null ? most : Math.max(most ?? 0, each)), null)
const sum = (values: (number | null)[]) =>
  values.reduce((total, each) => (each === null ? total : (total ?? 0) + each), null)

/** One row for each VM of every host, with the figures of all its disks together. */
export function toRows(hosts: HostView[]): Row[] {
  return hosts.flatMap((host) =>
    host.vms.map((vm) => {
      const disks = vm.disks.filter((disk) => disk.path !== null && disk.device === 'disk')
      return {
        vm,
        hostDown: host.status !== 'up',
        depth: largest(disks.map((disk) => disk.chainDepth)),
        allocatedBytes: sum(disks.map((disk) => disk.allocatedBytes)),
        virtualBytes: sum(disks.map((disk) => disk.virtualBytes)),
      }
    }),
  )
}

const names = new Intl.Collator('en', { numeric: true })
const byName = (a: Row, b: Row) => names.compare(a.vm.name, b.vm.name) || names.compare(a.vm.host, b.vm.host)
const descending = (figure: (row: Row) => number | null) => (a: Row, b: Row) =>
  (figure(b) ?? -1) - (figure(a) ?? -1)

const ORDER: Record<Sort, (a: Row, b: Row) => number> = {
  attention: (a, b) =>
    Number(b.vm.attention.length > 0) - Number(a.vm.attention.length > 0) ||
    Number(b.vm.jobs.length > 0) - Number(a.vm.jobs.length > 0),
  name: () => 0,
  host: (a, b) => names.compare(a.vm.host, b.vm.host),
  state: (a, b) => names.compare(a.vm.state, b.vm.state),
  depth: descending((row) => row.depth),
  allocated: descending((row) => row.allocatedBytes),
  virtual: descending((row) => row.virtualBytes),
  snapshots: descending((row) => row.vm.snapshotCount),
}

/** Rows whose VM, host, UUID or one of whose files holds the text, in the order that was asked for. */
export function selectRows(rows: Row[], { q, sort }: Pick<ListQuery, 'q' | 'sort'>): Row[] {
  const needle = q.toLowerCase()
  const holds = (text: string | null) => text !== null && text.toLowerCase().includes(needle)
  const found =
    needle === ''
      ? [...rows]
      : rows.filter(
          ({ vm }) =>
            holds(vm.name) || holds(vm.host) || holds(vm.uuid) || vm.disks.some((disk) => holds(disk.path)),
        )
  return found.sort((a, b) => ORDER[sort](a, b) || byName(a, b))
}
