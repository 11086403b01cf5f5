import { expect, it, vi } from 'vitest'
import type { KnownVm } from '../hosts/inventory.ts'
import type { FoundUse } from '../storage/file-users.ts'
import { explainStart } from './explain-start.ts'
import { isKnownOpen, openDiskOf, openSentence, staleRisk } from './start-conflict.ts'

const PATH = '/images/clone.qcow2'
const VM = {
  name: 'web',
  description: { disks: [{ target: 'vda', path: PATH }] },
} as unknown as KnownVm
const nobody = () => Promise.resolve(null)

// As libvirt 11.3 with QEMU 10.0 says them.
const LOCKED = `internal error: QEMU unexpectedly closed the monitor (vm='web'): 2026-11-29T12:00:00Z qemu-system-x86_64: -blockdev {"node-name":"x"}: Failed to get "write" lock\nIs another process using the image [${PATH}]?`
const MISSING = `Cannot access storage file '${PATH}' (as uid:107, gid:107): No such file or directory`

const use = (more: Partial<FoundUse>): FoundUse => ({
  host: 'lab',
  vmUuid: 'other',
  vmName: 'clone',
  running: true,
  kind: 'disk',
  target: 'vda',
  isOther: false,
  snapshot: null,
  isSure: true,
  path: PATH,
  ...more,
})
const DISKS = [{ target: 'vda', path: PATH }]
const openBy = (...uses: FoundUse[]) =>
  openDiskOf(
    'lab',
    'web',
    DISKS,
    () => uses,
    (host) => host !== 'down',
  )

it('a disk that another VM has open is named with that VM, which runs', () => {
  const open = openBy(use({}))
  expect(isKnownOpen(open)).toBe(true)
  expect(openSentence('web', open!)).toBe(
    'web can’t be started: clone runs and uses clone.qcow2 (vda). Stop clone first, or give one of the two a copy of its own.',
  )
  expect(openSentence('web', openBy(use({ host: 'rack2' }))!)).toContain('clone on rack2 runs and uses')
})

it('who is off, needs it for later or is the VM itself keeps nobody from a start', () => {
  expect(
    openBy(
      use({ running: false }),
      use({ kind: 'snapshot', snapshot: 's1' }),
      use({ kind: 'next start' }),
      use({ vmUuid: 'web' }),
    ),
  ).toBeNull()
})

it('N25: the same VM on another host is one that runs, and said to be the same', () => {
  const open = openBy(use({ vmUuid: 'web', vmName: 'web', host: 'rack2' }))
  expect(isKnownOpen(open)).toBe(true)
  expect(openSentence('web', open!)).toBe(
    'web can’t be started: the same VM runs on rack2 and uses clone.qcow2 (vda). Stop it there first, or migrate it.',
  )
})

it('N25: what a host that is down said before refuses no start; it is asked about', () => {
  const open = openBy(use({ isSure: false }), use({ host: 'down' }))
  expect(isKnownOpen(open)).toBe(false)
  expect(open).toMatchObject({ otherHost: 'down', isStale: true })
  expect(staleRisk('web', open!)).toMatch(
    /^down does not answer, and clone ran there with clone\.qcow2 \(vda\) when it last did\. .*Make sure first that clone is off there/,
  )
})

it('what is not sure refuses no start, and is called perhaps after one that failed', async () => {
  const open = openBy(use({ isSure: false, vmName: 'maybe' }))
  expect(isKnownOpen(open)).toBe(false)
  expect(await explainStart(LOCKED, VM, () => Promise.resolve(open))).toMatch(/^web can’t.*Perhaps maybe/)
  expect(openBy(use({ isSure: false }), use({ vmName: 'sure' }))).toMatchObject({ vmName: 'sure' })
})

it('a lock that no VM holds names the file', async () => {
  expect(await explainStart(LOCKED, VM, nobody)).toMatch(
    /^web can’t be started: another process has clone\.qcow2 open/,
  )
  expect(await explainStart('Failed to get shared "write" lock', VM, nobody)).toContain(
    'a file of its disks open',
  )
})

it('a file that is missing is named, with its disk or as a layer below one', async () => {
  expect(await explainStart(MISSING, VM, nobody)).toBe(
    `web can’t be started: there is no file ${PATH} (vda) on the host. Put it back, or restore the disk from a backup.`,
  )
  expect(
    await explainStart(
      `Cannot access backing file '/images/base.qcow2' of storage file '${PATH}' (as uid:107, gid:107): No such file or directory`,
      VM,
      nobody,
    ),
  ).toContain('there is no file /images/base.qcow2, which a layer of its disks stands on, on the host')
  expect(
    await explainStart(MISSING.replace('No such file or directory', 'Permission denied'), VM, nobody),
  ).toContain(`libvirt may not use ${PATH} (vda): Permission denied.`)
})

it('too many layers are called so; of anything else there are no words, and nobody is asked', async () => {
  expect(await explainStart('failed to parse JSON: nesting too deep', VM, nobody)).toContain('25 layers')
  const ask = vi.fn(nobody)
  expect(await explainStart('out of memory', VM, ask)).toBeNull()
  expect(ask).not.toHaveBeenCalled()
})
