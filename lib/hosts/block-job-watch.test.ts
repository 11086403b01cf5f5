import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BlockJobInfo } from 'node-libvirt'
import { subscribe } from '../live/hub.ts'
import type { LiveEvent } from '../live/types.ts'
import { isReady, percentOf } from './block-job.ts'
import {
  BlockJobWatch,
  type BlockJobChange,
  type BlockJobReadings,
  type WatchedVm,
} from './block-job-watch.ts'

const MIB = 1024 * 1024
const UUID = '11111111-1111-1111-1111-111111111111'

const vm = (about: Partial<WatchedVm> = {}): WatchedVm => ({
  uuid: UUID,
  name: 'web',
  running: true,
  description: {
    disks: [
      { target: 'vda', path: '/a' },
      { target: 'vdb', path: '/b' },
      { target: 'sda', path: null },
    ],
  },
  ...about,
})
const commit = (cur: number, end: number): BlockJobInfo => ({
  type: 'active-commit',
  bandwidthBytesPerSecond: 0,
  cur,
  end,
})

/** A libvirt of our own hand: what it answers, what it was asked, and answers that are held back. */
function scripted() {
  const state = {
    vms: [vm()] as readonly WatchedVm[],
    jobs: new Map<string, BlockJobInfo>(),
    isReady: false,
    reads: [] as (readonly string[])[],
    lists: 0,
    failure: null as Error | null,
    hold: null as Promise<void> | null,
  }
  const watch = new BlockJobWatch('lab', {
    vms: async () => {
      state.lists++
      return state.vms
    },
    read: async (_, targets): Promise<BlockJobReadings> => {
      state.reads.push(targets)
      const found = [...state.jobs].filter(([target]) => targets.includes(target))
      const readings = new Map(
        found.map(([target, info]) => [target, { info, ready: isReady(info, state.isReady) }] as const),
      )
      if (state.hold) await state.hold
      if (state.failure) throw state.failure
      return readings
    },
  })
  const changes: BlockJobChange[] = []
  watch.onChange((change) => changes.push(change))
  return { state, watch, changes }
}

let events: LiveEvent[] = []
let unsubscribe: () => void = () => undefined
const watches: BlockJobWatch[] = []
const started = () => {
  const script = scripted()
  watches.push(script.watch)
  script.watch.start()
  return script
}
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  events = []
  const subscription = subscribe(null, ({ event }) => {
    if (event.type === 'block-jobs') events.push(event)
  })
  unsubscribe = () => subscription.end()
})
afterEach(() => {
  for (const watch of watches.splice(0)) watch.stop()
  unsubscribe()
  vi.useRealTimers()
})

describe('what it asks, and when', () => {
  it('asks every VM at first and then every 20 s while nothing runs, only for disks with a file', async () => {
    const { state } = started()
    await vi.advanceTimersByTimeAsync(500)
    expect(state.reads).toEqual([['vda', 'vdb']])
    await vi.advanceTimersByTimeAsync(19_000)
    expect(state.reads).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1_500)
    expect(state.reads).toHaveLength(2)
  })

  it('asks a VM with a job every 500 ms, until the job has ended', async () => {
    const { state } = started()
    state.jobs.set('vda', commit(1 * MIB, 9 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(state.reads).toHaveLength(5)
    state.jobs.clear()
    await vi.advanceTimersByTimeAsync(500)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(state.reads).toHaveLength(6)
  })

  it('looks at once when there is news, and at all when the host has come back', async () => {
    const { state, watch } = started()
    await vi.advanceTimersByTimeAsync(600)
    watch.soon(UUID)
    await vi.advanceTimersByTimeAsync(1)
    expect(state.reads).toHaveLength(2)
    watch.scanSoon()
    await vi.advanceTimersByTimeAsync(1)
    expect(state.reads).toHaveLength(3)
  })

  it('does not ask a VM again that has not answered yet, and asks once more when there was news meanwhile', async () => {
    const { state, watch } = started()
    let answer = () => undefined as void
    state.hold = new Promise((resolve) => (answer = resolve))
    state.jobs.set('vda', commit(1, 9 * MIB))
    watch.soon(UUID)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(state.reads).toHaveLength(1)
    watch.soon(UUID)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(state.reads).toHaveLength(1)
    state.hold = null
    answer()
    await vi.advanceTimersByTimeAsync(1)
    expect(state.reads).toHaveLength(2)
  })
})

describe('what it tells', () => {
  it('tells of a job’s beginning, of each change and of its end, and of nothing while it stalls', async () => {
    const { state, changes, watch } = started()
    state.jobs.set('vda', commit(1 * MIB, 9 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    expect(changes).toHaveLength(1)
    expect(changes[0]!.begun).toMatchObject([{ target: 'vda', percent: 11, bytesPerSecond: null }])
    // Stalled: the rate is told once it is known, then nothing more.
    await vi.advanceTimersByTimeAsync(500)
    const told = changes.length
    await vi.advanceTimersByTimeAsync(5_000)
    expect(changes).toHaveLength(told)
    expect(events).toHaveLength(told)
    expect(state.reads.length).toBeGreaterThan(10)
    state.jobs.set('vda', commit(3 * MIB, 9 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    expect(changes.at(-1)).toMatchObject({ begun: [], ended: [], running: [{ percent: 33 }] })
    state.jobs.clear()
    await vi.advanceTimersByTimeAsync(500)
    expect(changes.at(-1)).toMatchObject({ running: [], begun: [], ended: [{ target: 'vda', percent: 33 }] })
    expect(events.at(-1)).toMatchObject({ type: 'block-jobs', jobs: [] })
    expect(watch.jobsOf(UUID)).toEqual([])
  })

  it.each(['fresh', 'next', 'follow', 'its own clock'] as const)(
    'tells of an end that %s was the first to see',
    async (who) => {
      const { state, changes, watch } = started()
      state.jobs.set('vda', commit(1 * MIB, 9 * MIB))
      await vi.advanceTimersByTimeAsync(500)
      state.jobs.clear()
      if (who === 'fresh') expect(await watch.fresh(vm())).toEqual([])
      if (who === 'next') {
        const next = watch.next(UUID)
        await vi.advanceTimersByTimeAsync(500)
        expect(await next).toEqual([])
      }
      if (who === 'follow') watch.follow(UUID, () => undefined)
      await vi.advanceTimersByTimeAsync(500)
      expect(changes.flatMap(({ ended }) => ended.map(({ target }) => target))).toEqual(['vda'])
      expect(events.at(-1)).toMatchObject({ jobs: [] })
    },
  )

  it('a job that ended and one that began between two looks are two jobs', async () => {
    const { state, changes } = started()
    state.jobs.set('vda', commit(8 * MIB, 9 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    state.jobs.set('vda', commit(1 * MIB, 9 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    expect(changes.at(-1)).toMatchObject({
      begun: [{ currentBytes: 1 * MIB }],
      ended: [{ currentBytes: 8 * MIB }],
    })
  })

  it.each([
    ['stopped', () => [vm({ running: false })], 1],
    ['was removed', () => [], 1],
    ['has an XML that can’t be read', () => [vm({ description: null })], 0],
  ] as const)('of a VM that %s', async (_, vms, ended) => {
    const { state, changes, watch } = started()
    state.jobs.set('vda', commit(1 * MIB, 9 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    state.vms = vms()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(changes.flatMap((change) => change.ended)).toHaveLength(ended)
    expect(watch.jobsOf(UUID)).toHaveLength(1 - ended)
  })

  it('a VM that does not answer keeps what was known of it, and whoever waits is told why', async () => {
    const { state, changes, watch } = started()
    state.jobs.set('vda', commit(1 * MIB, 9 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    state.failure = new Error('QEMU of this VM does not answer')
    const next = watch.next(UUID).catch((error: unknown) => (error as Error).message)
    await vi.advanceTimersByTimeAsync(500)
    expect(await next).toBe('QEMU of this VM does not answer')
    expect(changes).toHaveLength(1)
    expect(watch.jobsOf(UUID)).toHaveLength(1)
  })
})

describe('who waits for it', () => {
  it('gets a look that begins after the question, however many ask', async () => {
    const { state, watch } = started()
    let answer = () => undefined as void
    state.hold = new Promise((resolve) => (answer = resolve))
    const before = watch.fresh(vm())
    await vi.advanceTimersByTimeAsync(0)
    expect(state.reads).toHaveLength(1)
    // The look that is under way has read before this.
    state.jobs.set('vda', commit(1 * MIB, 9 * MIB))
    const after = [watch.fresh(vm()), watch.fresh(vm()), watch.next(UUID)]
    state.hold = null
    answer()
    expect(await before).toEqual([])
    for (const jobs of await Promise.all(after)) expect(jobs).toMatchObject([{ target: 'vda' }])
    expect(state.reads).toHaveLength(2)
  })

  it('is told by each look until it lets go; then the VM is left alone', async () => {
    const { state, watch } = started()
    await vi.advanceTimersByTimeAsync(500)
    const seen: number[] = []
    const unfollow = watch.follow(UUID, (jobs) => seen.push(jobs.length))
    await vi.advanceTimersByTimeAsync(1_000)
    state.jobs.set('vda', commit(1 * MIB, 9 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    expect(seen).toEqual([0, 0, 1])
    state.jobs.clear()
    unfollow()
    await vi.advanceTimersByTimeAsync(500)
    const reads = state.reads.length
    await vi.advanceTimersByTimeAsync(5_000)
    expect(state.reads).toHaveLength(reads)
    expect(seen).toHaveLength(3)
  })

  it('hears at once that the VM has no disk to ask for, or is off', async () => {
    const { watch } = started()
    expect(await watch.fresh(vm({ running: false }))).toEqual([])
  })
})

describe('whose a job is', () => {
  it('names the Keyframe job, until that lets go; its end is no news then', async () => {
    const { state, watch } = started()
    watch.setOwner(UUID, 'vda', 'job-1')
    state.jobs.set('vda', commit(1 * MIB, 9 * MIB))
    expect(await watch.fresh(vm())).toMatchObject([{ jobId: 'job-1' }])
    expect(watch.endedUnseen(UUID, 'vda')).toBe(false)
    watch.setOwner(UUID, 'vda', null)
    expect(await watch.fresh(vm())).toMatchObject([{ jobId: null }])
    state.jobs.clear()
    await watch.fresh(vm())
    expect(watch.endedUnseen(UUID, 'vda')).toBe(true)
    expect(watch.endedUnseen(UUID, 'vdb')).toBe(true)
  })
})

describe('ready and percent', () => {
  it.each([
    ['copying', commit(5, 10), false, false],
    ['QEMU is ready, libvirt has not taken note', commit(10, 10), false, false],
    ['ready', commit(10, 10), true, true],
    ['ready and empty', commit(1, 1), true, true],
    ['ready, and the guest writes on', commit(10, 20), true, false],
    ['not known yet', commit(0, 0), true, false],
    [
      'a commit below the active layer ends by itself',
      { ...commit(10, 10), type: 'commit' as const },
      true,
      false,
    ],
    ['a pull ends by itself', { ...commit(10, 10), type: 'pull' as const }, true, false],
  ])('%s', (_, info, mirrorReady, ready) => expect(isReady(info, mirrorReady)).toBe(ready))

  it.each([
    [0, 0, false, null],
    [0, 1, false, null],
    [1, 1, true, 100],
    [0, 200, false, 0],
    [199, 200, false, 99],
    [200, 200, false, 100],
    [300, 200, false, 100],
  ])('%i of %i, ready %s: %s %%', (cur, end, ready, percent) =>
    expect(percentOf({ cur, end }, ready)).toBe(percent),
  )

  it('a rate is smoothed, and says how long it will take', async () => {
    const { state, watch } = started()
    state.jobs.set('vda', commit(0, 100 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    state.jobs.set('vda', commit(1 * MIB, 100 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    expect(watch.jobsOf(UUID)).toMatchObject([{ bytesPerSecond: 2 * MIB, secondsLeft: 50 }])
    state.jobs.set('vda', commit(3 * MIB, 100 * MIB))
    await vi.advanceTimersByTimeAsync(500)
    expect(watch.jobsOf(UUID)).toMatchObject(
      [{ bytesPerSecond: 2.6 * MIB }].map((x) => ({ bytesPerSecond: Math.round(x.bytesPerSecond) })),
    )
  })
})
