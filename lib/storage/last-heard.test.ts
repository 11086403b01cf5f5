import { ConnectionError, LibvirtError } from 'node-libvirt'
import { describe, expect, it } from 'vitest'
import { HostDown } from '../hosts/host-connection.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { definitionOf, diskOf } from '../testing/situation-of.ts'
import { findUsers } from './file-users.ts'
import { hear, heardAgeMs, keepHeard, type Hearable } from './last-heard.ts'
import type { HostUses, Use } from './types.ts'

const vmOn = (uuid: string, path: string): KnownVm => ({
  uuid,
  name: uuid,
  state: 'running',
  reason: 0,
  persistent: true,
  running: true,
  description: definitionOf([diskOf('vda', path)]),
  next: null,
  snapshotCount: 0,
  facts: null,
  diskErrors: null,
})
const hostOf = (...vms: KnownVm[]): Hearable => ({ name: 'two', inventory: { lastKnown: vms } })
const need = (vmUuid: string, more: Partial<Use> = {}): Use => ({
  host: 'two',
  vmUuid,
  vmName: vmUuid,
  running: false,
  kind: 'disk',
  target: 'vda',
  isOther: false,
  snapshot: null,
  ...more,
})
const whole: HostUses = {
  host: 'two',
  files: [
    { path: '/i/web.s1', mark: null, uses: [need('web')] },
    { path: '/i/golden', mark: null, uses: [need('web', { kind: 'snapshot', snapshot: 's0' })] },
  ],
  gaps: [],
}
const never = new Promise<HostUses>(() => undefined)
const down = () => Promise.reject(new HostDown('gone'))
const lost = () => Promise.reject(new ConnectionError('timeout', 'no answer', false))
const pathsOf = ({ files }: HostUses) => [...new Set(files.map(({ path }) => path))].sort()

describe('another host', () => {
  it('that answers is taken at its word', async () => {
    expect(await hear(hostOf(), Promise.resolve(whole), 1_000)).toBe(whole)
  })

  it.each([
    ['down', down],
    ['lost while it was read', lost],
  ])('that is %s counts with all that it last said, snapshots included', async (_, reading) => {
    const host = hostOf(vmOn('web', '/i/web.s1'))
    keepHeard(host, whole)
    const heard = await hear(host, reading(), 1_000)
    expect(pathsOf(heard)).toEqual(['/i/golden', '/i/web.s1'])
    expect([heard.gaps, heard.isLate]).toEqual([[], undefined])
    expect(heard.unheard).toMatch(/two does not answer: what its VMs used/)
  })

  it('that is slow counts so, too, and is called late', async () => {
    const host = hostOf()
    keepHeard(host, whole)
    const heard = await hear(host, never, 5)
    expect([heard.isLate, heard.gaps, pathsOf(heard)]).toEqual([true, [], ['/i/golden', '/i/web.s1']])
    const users = findUsers([], [heard], () => undefined)
    expect([users.unheard, users.late]).toEqual([[heard.unheard], [heard.unheard]])
    expect(heard.unheard).toMatch(/two takes too long/)
  })

  it('of which only the list of VMs was read is a gap', async () => {
    const heard = await hear(hostOf(vmOn('web', '/i/web.s1')), down(), 1_000)
    expect(pathsOf(heard)).toEqual(['/i/web.s1'])
    expect(heard.gaps).toEqual([
      expect.stringMatching(/two has not told since Keyframe was started which files its VMs use\. Bring/),
    ])
  })

  it('has a gap for a VM that is newer than what it last said', async () => {
    const host = hostOf(vmOn('web', '/i/web.s1'), vmOn('new', '/i/new'))
    keepHeard(host, whole)
    const heard = await hear(host, down(), 1_000)
    expect(pathsOf(heard)).toContain('/i/new')
    expect(heard.gaps).toEqual(['Not all of new on two was read while the host answered.'])
  })

  it('keeps the gaps that it last had', async () => {
    const host = hostOf()
    keepHeard(host, { ...whole, gaps: ['db could not be read.'] })
    expect((await hear(host, down(), 1_000)).gaps).toEqual(['db could not be read.'])
  })

  it('that refuses is a gap, and an error of our own is none', async () => {
    const refusal = new LibvirtError('access denied', { code: 88, domain: 0, level: 2, int1: 0 }, 'X')
    const host = hostOf()
    keepHeard(host, whole)
    const heard = await hear(host, Promise.reject(refusal), 1_000)
    expect([heard.gaps, pathsOf(heard)]).toEqual([
      ['The host two does not say what its VMs use: access denied.'],
      ['/i/golden', '/i/web.s1'],
    ])
    await expect(hear(host, Promise.reject(new TypeError('a bug')), 1_000)).rejects.toThrow('a bug')
  })

  it('has an age', () => {
    const host = hostOf()
    expect(heardAgeMs(host)).toBe(Infinity)
    keepHeard(host, whole)
    expect(heardAgeMs(host)).toBeLessThan(1_000)
  })
})
