import { expect, test } from 'vitest'
import type { HostView, VmSummary } from '@/lib/hosts/types'
import { parseListQuery, selectRows, toRows } from './list-query.ts'

const disk = (path: string, allocatedBytes: number | null, chainDepth: number | null = 1) =>
  ({
    target: 'vda',
    device: 'disk',
    path,
    format: 'qcow2',
    chainDepth,
    virtualBytes: 100,
    allocatedBytes,
  }) as const
const vm = (name: string, more: Partial<VmSummary> = {}): VmSummary => ({
  host: 'local',
  uuid: `uuid-${name}`,
  name,
  state: 'running',
  stateReason: null,
  persistent: true,
  disks: [disk(`/i/${name}.qcow2`, 10)],
  snapshotCount: 0,
  jobs: [],
  attention: [],
  ...more,
})
const host = (vms: VmSummary[], status: HostView['status'] = 'up'): HostView => ({
  name: 'local',
  uri: '',
  status,
  reason: null,
  sinceMs: 0,
  libvirtVersion: null,
  hypervisorVersion: null,
  warnings: [],
  vms,
})

const rows = toRows([
  host([
    vm('vm10'),
    vm('vm2', { disks: [disk('/i/a', 5), disk('/i/b', 7, 4)], snapshotCount: 3 }),
    vm('sick', { attention: [{ kind: 'disk-full', sentence: 'full' }] }),
    vm('unknown', { disks: [disk('/i/u', null, null)], snapshotCount: null }),
  ]),
])
const order = (q: string, sort: string) =>
  selectRows(rows, parseListQuery({ q, sort })).map((row) => row.vm.name)

test('what needs attention stands first, then names as people count', () => {
  expect(order('', '')).toEqual(['sick', 'unknown', 'vm2', 'vm10'])
  expect(order('', 'nonsense')).toEqual(order('', 'attention'))
})

test('figures are sorted largest first, the unknown last', () => {
  expect(order('', 'allocated')).toEqual(['vm2', 'sick', 'vm10', 'unknown'])
  expect(order('', 'snapshots')).toEqual(['vm2', 'sick', 'vm10', 'unknown'])
})

test('a VM is found by its name, its UUID and its files', () => {
  expect([order('VM1', 'name'), order('uuid-sick', ''), order('/i/b', ''), order('nothing', '')]).toEqual([
    ['vm10'],
    ['sick'],
    ['vm2'],
    [],
  ])
})

test('sizes add up over disks, depth is the deepest; what nobody can tell is not zero', () => {
  const figures = Object.fromEntries(
    rows.map((row) => [row.vm.name, [row.depth, row.allocatedBytes, row.virtualBytes]]),
  )
  expect(figures).toMatchObject({ vm2: [4, 12, 200], unknown: [null, null, 100] })
})

test('a broken query is the default', () => {
  expect(parseListQuery({ q: ['a', 'b'], page: '-1', sort: 'toString' })).toEqual({
    q: '',
    sort: 'attention',
    page: 1,
  })
})
