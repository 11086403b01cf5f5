import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findUsers } from './file-users.ts'
import { isSameFile } from './same-file.ts'
import { isStandby, sharersOf } from './sharers.ts'
import type { AskedFile, FileMark, Use } from './types.ts'

const mark = (modifiedNs: bigint, lengthBytes = 10): FileMark => ({ modifiedNs, lengthBytes, header: 'null' })
const asked = (before: FileMark | null, after = before): AskedFile => ({
  host: 'one',
  path: '/i/web.qcow2',
  before,
  after,
})
const unknown = () => undefined
const need = (more: Partial<Use> = {}): Use => ({
  host: 'one',
  vmUuid: 'b',
  vmName: 'b',
  running: false,
  kind: 'disk',
  target: 'vda',
  isOther: false,
  snapshot: null,
  ...more,
})

describe('whether two names are one file', () => {
  it.each<[string, AskedFile, string, string, FileMark | null, true | false | 'maybe']>([
    ['spelled with two slashes', asked(null), 'one', '/i//web.qcow2', null, true],
    ['spelled through a parent', asked(null), 'one', '/x/../i/web.qcow2', null, true],
    ['a link with the same facts', asked(mark(5n)), 'one', '/link/web.qcow2', mark(5n), true],
    ['other times', asked(mark(5n)), 'one', '/j/web.qcow2', mark(6n), false],
    ['another length', asked(mark(5n)), 'one', '/j/web.qcow2', mark(5n, 11), false],
    [
      'written to between the two looks',
      asked(mark(5n), mark(9n, 20)),
      'one',
      '/link/web.qcow2',
      mark(7n, 15),
      true,
    ],
    ['not looked at', asked(mark(5n)), 'one', '/j/web.qcow2', null, false],
    ['another name on another host', asked(mark(5n)), 'two', '/i/db.qcow2', mark(5n), false],
    [
      'the same name on a host that could not be asked',
      asked(mark(5n)),
      'two',
      '/i/web.qcow2',
      mark(6n),
      'maybe',
    ],
  ])('%s', (_, file, host, path, other, same) => {
    expect(isSameFile(file, host, { path, mark: other }, unknown)).toBe(same)
  })

  it('is told by the folder across hosts, whatever the times', () => {
    for (const same of [true, false])
      expect(isSameFile(asked(mark(1n)), 'two', { path: '/mnt/web.qcow2', mark: mark(2n) }, () => same)).toBe(
        same,
      )
  })

  it('every file is itself, at any two looks', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n }), fc.bigInt({ min: 0n, max: 10n }), (one, two) => {
        const file = asked(mark(one), mark(two))
        expect(isSameFile(file, 'one', { path: file.path, mark: null }, unknown)).toBe(true)
        const seen = one <= two ? one + (two - one) / 2n : two + (one - two) / 2n
        expect(isSameFile(file, 'one', { path: '/link/x', mark: mark(seen) }, unknown)).toBe(true)
      }),
    )
  })
})

it('who needs a file is found on every host, with what is not sure and what could not be asked', () => {
  const file = { ...asked(mark(5n)), path: '/i/web.qcow2' }
  const users = findUsers(
    [file],
    [
      { host: 'one', files: [{ path: '/i/web.qcow2', mark: null, uses: [need()] }], gaps: [] },
      {
        host: 'two',
        files: [{ path: '/m/web.qcow2', mark: null, uses: [need({ host: 'two' })] }],
        gaps: ['two is slow.'],
      },
    ],
    unknown,
  )
  expect(users.of('/i/web.qcow2').map(({ host, isSure, path }) => [host, isSure, path])).toEqual([
    ['one', true, '/i/web.qcow2'],
    ['two', false, '/m/web.qcow2'],
  ])
  expect(users.gaps).toEqual(['two is slow.'])
  expect(users.of('/i/other')).toEqual([])
})

it('sharers are other VMs and the VM’s own other disks, each need once, the most telling first', () => {
  const found = (more: Partial<Use>) => ({ ...need(more), isSure: true, path: '/i/web.qcow2' })
  const own = { host: 'one', vmUuid: 'a', target: 'vda' }
  const names = (uses: Partial<Use>[]) =>
    sharersOf(uses.map(found), own).map(({ host, vmUuid, kind, target, snapshot }) => [
      host,
      vmUuid,
      kind,
      target,
      snapshot,
    ])
  expect(
    names([
      { vmUuid: 'a' },
      { vmUuid: 'a', kind: 'snapshot', snapshot: 's1' },
      { vmUuid: 'a', kind: 'configuration', target: null },
    ]),
  ).toEqual([])
  expect(names([{ vmUuid: 'a', target: 'vdb' }])).toEqual([['one', 'a', 'disk', 'vdb', null]])
  expect(names([{ host: 'two', vmUuid: 'a' }])).toEqual([['two', 'a', 'disk', 'vda', null]])
  expect(names([{ kind: 'configuration', target: null }, { kind: 'next start' }, { kind: 'disk' }])).toEqual([
    ['one', 'b', 'disk', 'vda', null],
  ])
  expect(isStandby(found({ host: 'two', vmUuid: 'a' }), own)).toBe(true)
  expect(isStandby(found({ host: 'two', vmUuid: 'a', running: true }), own)).toBe(false)
  expect(isStandby(found({ vmUuid: 'a' }), own)).toBe(false)
})
