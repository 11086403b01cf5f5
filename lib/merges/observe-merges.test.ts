import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BlockJobChange } from '../hosts/block-job-watch.ts'
import type { Host } from '../hosts/host.ts'
import type { BlockJobView } from '../hosts/types.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { observeMerges } from './observe-merges.ts'
import { readTaintedLayers } from '../situation/tainted-layers.ts'

let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
beforeEach(async () => {
  temporary = await openTemporaryStore()
})
afterEach(() => temporary.remove())

const job: BlockJobView = {
  host: 'lab',
  vmUuid: 'u',
  vmName: 'web',
  target: 'vda',
  type: 'active-commit',
  currentBytes: 0,
  endBytes: 9,
  percent: 0,
  bandwidthBytesPerSecond: 1,
  bytesPerSecond: null,
  secondsLeft: null,
  ready: false,
  jobId: null,
  firstSeenMs: Date.now(),
}

// A slow commit may not have written into its base when it is first seen; the modification time is all that tells.
it('remembers the base of a commit that first writes after it was seen', async () => {
  let modifiedMs = job.firstSeenMs - 3_600_000
  let looks = 0
  let tell: (change: BlockJobChange) => void = () => undefined
  const layers = [{ path: '/overlay' }, { path: '/base' }]
  observeMerges({
    name: 'lab',
    onBrokenOff: () => undefined,
    jobs: { onChange: (listener: typeof tell) => (tell = listener) },
    inventory: {
      vmNow: async () => ({ description: { disks: [{ target: 'vda', path: '/overlay', layers }] } }),
    },
    files: {
      read: async () => {
        looks++
        return { kind: 'found', modifiedMs }
      },
    },
    inspection: { inspect: async () => true },
  } as unknown as Host)
  const vm = { uuid: 'u', name: 'web', running: true, description: null }
  tell({ vm, running: [job], begun: [job], ended: [] })
  await waitUntil(() => looks === 1, { limitMs: 2_000, everyMs: 5, what: 'The first look' })
  expect((await readTaintedLayers('lab')).size).toBe(0)
  modifiedMs = Date.now()
  tell({ vm, running: [{ ...job, currentBytes: 1 }], begun: [], ended: [] })
  await waitUntil(async () => (await readTaintedLayers('lab')).has('/base'), {
    limitMs: 2_000,
    everyMs: 5,
    what: 'The record of the base',
  })
})
