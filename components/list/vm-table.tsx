import { TriangleAlert } from 'lucide-react'
import { PageLink } from '@/components/page-link'
import type { ReactNode } from 'react'
import { classNames } from '@/components/class-names'
import { formatBytes } from '@/components/format-bytes'
import { listPath, vmPath } from '@/components/paths'
import { VmStateMark } from '@/components/vm-state'
import type { ListQuery, Row, Sort } from '@/components/list/list-query'
import { ChooseAll, ChooseVm } from '@/components/many/chosen-vms'
import type { VmRef } from '@/components/vm/vm-ref'
import { RowJobs } from '@/components/list/row-jobs'

const COLUMNS: { label: string; sort: Sort | null; figure?: true }[] = [
  { label: 'VM', sort: 'name' },
  { label: 'State', sort: 'state' },
  { label: 'Host', sort: 'host' },
  { label: 'Disks', sort: null, figure: true },
  { label: 'Depth', sort: 'depth', figure: true },
  { label: 'Allocated', sort: 'allocated', figure: true },
  { label: 'Virtual', sort: 'virtual', figure: true },
  { label: 'Snapshots', sort: 'snapshots', figure: true },
  { label: 'Jobs', sort: null },
]

/** Of figures the largest come first. */
const directionOf = (figure: boolean | undefined) => (figure ? 'descending' : 'ascending')

/**
 * The VMs: a table where there is room, a list of cards on a phone. One markup for both; the roles are written out because
 * browsers drop a table's own when its display is changed. `choosable`: for who may act on many at once.
 */
export function VmTable({ rows, query, choosable }: { rows: Row[]; query: ListQuery; choosable: boolean }) {
  return (
    <table
      role="table"
      aria-label="VMs"
      className="w-full border-separate border-spacing-0 text-sm max-md:block"
    >
      <thead role="rowgroup" className="max-md:hidden">
        <tr role="row">
          {choosable && (
            <th role="columnheader" scope="col" className="w-px border-b border-line py-2 pl-3">
              <ChooseAll vms={rows.map(toRef)} />
            </th>
          )}
          {COLUMNS.map(({ label, sort, figure }) => (
            <th
              key={label}
              role="columnheader"
              scope="col"
              aria-sort={sort === query.sort ? directionOf(figure) : undefined}
              className={classNames(
                'border-b border-line px-3 py-2 font-medium text-muted',
                figure ? 'text-right' : 'text-left',
              )}
            >
              {sort ? (
                <PageLink
                  href={listPath({ q: query.q, sort })}
                  className={classNames(
                    'hover:text-ink',
                    sort === query.sort && 'text-ink underline underline-offset-4',
                  )}
                >
                  {label}
                </PageLink>
              ) : (
                label
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" className="max-md:block">
        {rows.map((row) => (
          <VmRow key={`${row.vm.host} ${row.vm.uuid}`} row={row} choosable={choosable} />
        ))}
      </tbody>
    </table>
  )
}

function VmRow({
  row: { vm, hostDown, depth, allocatedBytes, virtualBytes },
  choosable,
}: {
  row: Row
  choosable: boolean
}) {
  const disks = vm.disks.filter((disk) => disk.device === 'disk')
  return (
    <tr role="row" className={hostDown ? 'vm-row vm-gone' : 'vm-row'}>
      {choosable && (
        <td role="cell" className="vm-choice">
          <ChooseVm vm={toRef({ vm })} />
        </td>
      )}
      <Cell className="vm-wide md:w-[28%]">
        <PageLink href={vmPath(vm.host, vm.name)} className="vm-link">
          {vm.name}
        </PageLink>
        {vm.attention.map(({ kind, sentence }) => (
          <p key={kind + sentence} className="flex gap-1.5 text-[13px] break-names text-warn">
            <TriangleAlert aria-hidden="true" className="mt-0.5 size-3.5 shrink-0" />
            {sentence}
          </p>
        ))}
      </Cell>
      <Cell>
        <VmStateMark state={vm.state} reason={vm.stateReason} />
      </Cell>
      <Cell className="text-muted">{vm.host}</Cell>
      <Cell figure label={disks.length === 1 ? 'disk' : 'disks'}>
        {disks.length === 0 && vm.snapshotCount === null ? <Unknown /> : disks.length}
      </Cell>
      <Cell figure label={layerWord(depth)}>
        {depth ?? <Unknown />}
      </Cell>
      <Cell figure label="allocated">
        {allocatedBytes === null ? <Unknown /> : formatBytes(allocatedBytes)}
      </Cell>
      <Cell figure label="virtual" className="text-muted">
        {virtualBytes === null ? <Unknown /> : formatBytes(virtualBytes)}
      </Cell>
      <Cell figure label={vm.snapshotCount === 1 ? 'snapshot' : 'snapshots'}>
        {vm.snapshotCount ?? <Unknown />}
      </Cell>
      <Cell className="vm-wide md:w-56">
        <RowJobs host={vm.host} vmUuid={vm.uuid} initial={vm.jobs} />
      </Cell>
    </tr>
  )
}

const toRef = ({ vm }: Pick<Row, 'vm'>): VmRef => ({ host: vm.host, uuid: vm.uuid, name: vm.name })

/** On a phone, where no heading says what a figure counts. */
function layerWord(depth: number | null): string {
  if (depth === null) return 'depth'
  return depth === 1 ? 'layer' : 'layers'
}

/** What this host cannot tell is not zero. */
const Unknown = () => <span className="text-muted">unknown</span>

function Cell({
  figure = false,
  label,
  className,
  children,
}: {
  figure?: boolean
  label?: string
  className?: string
  children: ReactNode
}) {
  return (
    <td role="cell" className={figure ? `vm-figure ${className ?? ''}`.trimEnd() : className}>
      {children}
      {label && <span className="vm-unit"> {label}</span>}
    </td>
  )
}
