import { describe, expect, it } from 'vitest'
import type { BackupSummary } from '../backups/catalogue/backup-summaries.ts'
import type { JobView } from '../jobs/types.ts'
import { backupsOverview, type BackupsRead } from './backups-overview.ts'
import type { Protection, ScheduleRun } from './types.ts'

const NOW = Date.UTC(2026, 10, 29, 8)
const HOUR = 3_600_000

const protection = (vm: string, about: Partial<Protection> = {}): Protection => ({
  host: 'lab',
  vmUuid: vm,
  vmName: vm,
  state: 'protected',
  sentence: '',
  reasons: [],
  mend: null,
  lastGood: null,
  nextRunMs: null,
  scheduleIds: [],
  ...about,
})
const backup = (id: string, about: Partial<BackupSummary> = {}): BackupSummary => ({
  id,
  targetId: 't',
  host: 'lab',
  vmUuid: 'web',
  vmName: 'web',
  kind: 'full',
  parentId: null,
  createdAtMs: NOW - HOUR,
  tookMs: 1_000,
  bytes: 10,
  check: 'good',
  checkedAtMs: null,
  ...about,
})
const job = (id: string, about: Partial<JobView> = {}): JobView => ({
  id,
  kind: 'backup',
  host: 'lab',
  vmUuid: 'web',
  vmName: 'web',
  title: '',
  status: 'succeeded',
  by: 'anna',
  createdAtMs: NOW - HOUR,
  endedAtMs: NOW - HOUR + 1,
  percent: null,
  note: null,
  result: [],
  differences: [],
  error: null,
  canCancel: false,
  offers: [],
  backupId: null,
  limitBytesPerSecond: null,
  ...about,
})
const run = (id: string, about: Partial<ScheduleRun> = {}): ScheduleRun => ({
  id,
  scheduleId: 's',
  host: 'lab',
  vmUuid: 'web',
  vmName: 'web',
  dueAtMs: NOW - HOUR,
  startedAtMs: null,
  jobId: null,
  outcome: 'missed',
  note: null,
  ...about,
})
const overview = (read: Partial<BackupsRead>) =>
  backupsOverview({
    nowMs: NOW,
    hosts: [{ name: 'lab', status: 'up' }],
    protections: [],
    leftOut: [],
    backups: [],
    backedUp: [],
    jobs: [],
    runs: [],
    ...read,
  })
const leftOut = { host: 'lab', vmUuid: 'db', vmName: 'db', reason: '', by: 'anna', atMs: 0 }

describe('the answer', () => {
  it.each([
    ['no VM', {}, 'There are no VMs yet.', 'plain'],
    ['all left out', { leftOut: [leftOut] }, 'Every VM is left out of protection.', 'plain'],
    ['one', { protections: [protection('web')] }, '1 of 1 VM protected', 'ok'],
    [
      'one at risk',
      { protections: [protection('web'), protection('db', { state: 'at-risk' })] },
      '1 of 2 VMs protected',
      'warn',
    ],
    [
      'one unprotected',
      { protections: [protection('web'), protection('db', { state: 'unprotected' })] },
      '1 of 2 VMs protected',
      'danger',
    ],
    [
      'all protected, a host away',
      { protections: [protection('web')], hosts: [{ name: 'far', status: 'down' as const }] },
      '1 of 1 VM protected',
      'warn',
    ],
  ] as const)('%s', (_, read, answer, tone) =>
    expect(overview(read as Partial<BackupsRead>)).toMatchObject({ answer, tone }),
  )
})

describe('runs', () => {
  it('a run’s backup is the one that it made, not one of the same time', () => {
    const jobs = [job('a', { backupId: 'one' }), job('b', { backupId: 'two' })]
    const backups = [backup('one'), backup('two', { check: 'damaged' })]
    expect(overview({ jobs, backups }).made.map(({ isDamaged }) => isDamaged)).toEqual([false, true])
  })

  it('a plot stands at each VM’s newest run that succeeded, the oldest backup first', () => {
    const jobs = [
      job('failed', { status: 'failed' }),
      job('newest'),
      job('before'),
      job('other', { vmUuid: 'db', vmName: 'db' }),
    ]
    const backups = [...Array(20).keys()].map((index) => backup(`b${index}`, { bytes: index }))
    const plots = overview({ jobs, backups }).made.map(({ plot }) => plot.map(({ bytes }) => bytes))
    expect(plots).toEqual([[], [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], [], []])
  })

  it('what a schedule says of a run stands at it; what became no job stands apart, for a day', () => {
    const found = overview({
      jobs: [job('a'), job('b')],
      runs: [
        run('1', { jobId: 'a', outcome: 'done', note: 'an hour late' }),
        run('2', { jobId: 'b', outcome: 'failed', note: 'the job says it' }),
        run('3', { outcome: 'skipped' }),
        run('4', { outcome: 'missed', dueAtMs: NOW - 25 * HOUR }),
      ],
    })
    expect(found.made.map(({ note }) => note)).toEqual(['an hour late', null])
    expect(found.unmade.map(({ id }) => id)).toEqual(['3'])
  })

  it('the next ones come first, ten at most', () => {
    const protections = [...Array(12).keys()].map((index) =>
      protection(`vm${index}`, { nextRunMs: NOW + (20 - index) }),
    )
    const { next } = overview({ protections: [...protections, protection('none')] })
    expect(next.map(({ vmName }) => vmName)).toEqual(
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((index) => `vm${index}`),
    )
  })
})

it('gone is what a host that tells its VMs has no more, left out or not', () => {
  const backedUp = ['web', 'db', 'old'].flatMap((vm) =>
    ['lab', 'far'].map((host) => ({ host, vmUuid: vm, vmName: vm, backups: 1, newestAtMs: 0 })),
  )
  const { gone } = overview({
    hosts: [
      { name: 'lab', status: 'up' },
      { name: 'far', status: 'down' },
    ],
    protections: [protection('web')],
    leftOut: [leftOut],
    backedUp,
  })
  expect(gone.map(({ host, vmName }) => `${host} ${vmName}`)).toEqual(['lab old'])
})
