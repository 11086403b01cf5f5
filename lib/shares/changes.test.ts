import { expect, it } from 'vitest'
import type { BlockJobView } from '../hosts/types.ts'
import type { JobView } from '../jobs/types.ts'
import type { LiveEvent } from '../live/types.ts'
import { changesOf } from './changes.ts'

const job = (change: Partial<JobView> = {}): LiveEvent => ({
  type: 'job',
  job: {
    id: 'j1',
    kind: 'merge',
    host: 'h',
    vmUuid: 'u',
    vmName: 'web',
    title: 'Merge /a/b',
    status: 'running',
    by: 'ann',
    createdAtMs: 1,
    endedAtMs: null,
    percent: 1,
    note: 'at /a/b',
    result: [],
    differences: [],
    error: null,
    canCancel: true,
    offers: [],
    backupId: null,
    limitBytesPerSecond: null,
    ...change,
  },
})
const blockJob: BlockJobView = {
  host: 'h',
  vmUuid: 'u',
  vmName: 'web',
  target: 'vda',
  type: 'commit',
  currentBytes: 1,
  endBytes: 2,
  percent: 50,
  bandwidthBytesPerSecond: 0,
  bytesPerSecond: null,
  secondsLeft: null,
  ready: false,
  jobId: 'j1',
  firstSeenMs: 1,
}
const VM = { kind: 'vm', host: 'h', vmUuid: 'u', jobId: null } as const

it('a VM’s page hears of its VM, and of no other', () => {
  const meaning = changesOf(VM)
  expect(meaning({ type: 'vm', host: 'h', vmUuid: 'u' })).toEqual({ type: 'changed' })
  for (const event of [
    { type: 'vm', host: 'h', vmUuid: 'v' },
    { type: 'vm', host: 'i', vmUuid: 'u' },
    { type: 'host', host: 'h' },
    { type: 'users' },
    { type: 'audit', host: 'h', vmUuid: 'u' },
    { type: 'share', shareId: 's' },
    { type: 'job-story', jobId: 'j1' },
    job({ vmUuid: 'v' }),
  ] as LiveEvent[])
    expect([event.type, meaning(event)]).toEqual([event.type, null])
})

it('tells numbers as numbers, and words by a reading of the page', () => {
  const meaning = changesOf(VM)
  expect(meaning(job())).toEqual({ type: 'changed' })
  expect(meaning(job({ percent: 2 }))).toEqual({ type: 'progress', jobId: 'j1', percent: 2 })
  expect(meaning(job({ percent: 3, note: 'at /c' }))).toEqual({ type: 'changed' })
  const told = meaning({ type: 'block-jobs', host: 'h', vmUuid: 'u', jobs: [blockJob] })
  expect(told).toEqual({
    type: 'block-jobs',
    jobs: [
      {
        target: 'vda',
        type: 'commit',
        currentBytes: 1,
        endBytes: 2,
        percent: 50,
        bytesPerSecond: null,
        secondsLeft: null,
        ready: false,
        jobId: 'j1',
      },
    ],
  })
})

it('a job’s page hears of that job only, a snapshot’s of no progress', () => {
  const ofJob = changesOf({ ...VM, kind: 'job', jobId: 'j2' })
  expect([
    ofJob(job()),
    ofJob({ type: 'job-story', jobId: 'j1' }),
    ofJob({ type: 'vm', host: 'h', vmUuid: 'u' }),
  ]).toEqual([null, null, null])
  expect(ofJob({ type: 'block-jobs', host: 'h', vmUuid: 'u', jobs: [blockJob] })).toEqual({
    type: 'block-jobs',
    jobs: [],
  })
  expect(ofJob({ type: 'job-story', jobId: 'j2' })).toEqual({ type: 'changed' })
  const ofSnapshot = changesOf({ ...VM, kind: 'snapshot' })
  expect([
    ofSnapshot(job()),
    ofSnapshot({ type: 'block-jobs', host: 'h', vmUuid: 'u', jobs: [blockJob] }),
    ofSnapshot(job({ endedAtMs: 2 })),
  ]).toEqual([null, null, { type: 'changed' }])
})

it('a page of backups hears of its VM’s backups, of its host’s targets, and of the jobs that make and check backups', () => {
  const ofBackups = changesOf({ ...VM, kind: 'backups' })
  for (const vmUuid of ['u', null])
    expect(ofBackups({ type: 'backups', host: 'h', vmUuid })).toEqual({ type: 'changed' })
  expect([
    ofBackups({ type: 'backups', host: 'h', vmUuid: 'v' }),
    ofBackups({ type: 'backups', host: 'i', vmUuid: null }),
    changesOf(VM)({ type: 'backups', host: 'h', vmUuid: 'u' }),
  ]).toEqual([null, null, null])
  expect([
    ofBackups(job()),
    ofBackups({ type: 'block-jobs', host: 'h', vmUuid: 'u', jobs: [blockJob] }),
    ofBackups(job({ kind: 'backup' })),
    ofBackups(job({ kind: 'backup', percent: 2 })),
  ]).toEqual([null, null, { type: 'changed' }, { type: 'progress', jobId: 'j1', percent: 2 }])
})
