import { describe, expect, it } from 'vitest'
import { judgeProtection, type JudgedBackup, type ProtectionFacts } from './judge-protection.ts'
import type { Schedule, ScheduleRun } from './types.ts'

const at = (iso: string) => Date.parse(iso)
const NOW = at('2026-11-27T12:00:00Z')
const nightly: Schedule = {
  id: 's',
  host: 'lab',
  vmUuid: 'v',
  vmName: 'web',
  targetId: 't',
  method: 'incremental',
  quiesce: 'auto',
  bandwidthBytesPerSecond: 0,
  fullEveryDays: 7,
  when: { kind: 'times', times: ['02:30'], days: [1, 2, 3, 4, 5, 6, 7] },
  timeZone: 'UTC',
  jitterMinutes: 0,
  retention: { last: 3, daily: 0, weekly: 0, monthly: 0 },
  recheckDays: 7,
  enabled: true,
  createdAtMs: 0,
  createdBy: 'admin',
}
const backup = (id: string, iso: string, change: Partial<JudgedBackup> = {}): JudgedBackup => ({
  id,
  targetId: 't',
  kind: 'full',
  parentId: null,
  createdAtMs: at(iso),
  check: 'good',
  checkedAtMs: NOW,
  checkNote: null,
  ...change,
})
const last = backup('b2', '2026-11-27T02:30:01Z')
const failed = (iso: string): ScheduleRun => ({
  id: 'r',
  scheduleId: 's',
  host: 'lab',
  vmUuid: 'v',
  vmName: 'web',
  dueAtMs: at(iso),
  startedAtMs: null,
  jobId: null,
  outcome: 'failed',
  note: 'The target is full.',
})
const judge = (change: Partial<ProtectionFacts> = {}) =>
  judgeProtection({
    host: 'lab',
    vmUuid: 'v',
    vmName: 'web',
    disks: ['vda'],
    schedules: [nightly],
    lastRuns: [],
    backups: [last],
    disksIn: () => ['vda'],
    targets: new Map([['t', { name: 'nightly', problem: null }]]),
    nowMs: NOW,
    ...change,
  })
const kinds = (change: Partial<ProtectionFacts>) => {
  const { state, reasons } = judge(change)
  return [state, ...reasons.map((reason) => reason.kind)]
}

describe('judgeProtection', () => {
  it('is green with a recent backup that passed its check', () => {
    expect(judge()).toMatchObject({
      state: 'protected',
      sentence: 'The backup of 02:30 passed its check.',
      reasons: [],
      mend: null,
      lastGood: { backupId: 'b2', targetName: 'nightly' },
      nextRunMs: at('2026-11-28T02:30:00Z'),
    })
  })

  it('is green up to the run after the next, less 5 minutes, and not after it', () => {
    const limit = at('2026-11-26T02:30:00Z') - 5 * 60_000
    expect(kinds({ backups: [{ ...last, createdAtMs: limit }] })).toEqual(['protected'])
    expect(kinds({ backups: [{ ...last, createdAtMs: limit - 1 }] })).toEqual(['at-risk', 'stale'])
    expect(judge({ backups: [backup('old', '2026-11-24T02:30:00Z')] })).toMatchObject({
      sentence: 'The last good backup is 3 days old; runs are due every day at 02:30 UTC.',
      mend: { act: 'backup', scheduleId: 's' },
    })
    const often = { ...nightly, when: { kind: 'interval', minutes: 3 } as const }
    expect(kinds({ schedules: [often], backups: [{ ...last, createdAtMs: NOW - 8 * 60_000 }] })).toEqual([
      'protected',
    ])
    expect(kinds({ schedules: [often], backups: [{ ...last, createdAtMs: NOW - 8 * 60_000 - 1 }] })).toEqual([
      'at-risk',
      'stale',
    ])
  })

  it('says what is wrong, and what mends it', () => {
    expect(judge({ backups: [], schedules: [] })).toMatchObject({
      state: 'unprotected',
      sentence: 'No backup was ever made, and no schedule makes one.',
      mend: { act: 'schedule' },
    })
    expect(judge({ backups: [] })).toMatchObject({
      state: 'unprotected',
      sentence: 'No backup was ever made.',
      mend: { act: 'backup' },
    })
    expect(judge({ lastRuns: [failed('2026-11-27T11:31:00Z')] })).toMatchObject({
      state: 'at-risk',
      sentence: 'The last backup failed at 11:31: The target is full.',
      mend: { act: 'retry', scheduleId: 's' },
    })
    expect(judge({ disks: ['vda', 'vdb'] })).toMatchObject({
      state: 'at-risk',
      sentence: 'Disk vdb is not in the last good backup.',
      mend: { act: 'backup' },
    })
    expect(
      judge({ targets: new Map([['t', { name: 'nightly', problem: 'It can’t be reached.' }]]) }),
    ).toMatchObject({
      state: 'at-risk',
      sentence: 'It can’t be reached.',
      mend: { act: 'target', targetId: 't' },
    })
    expect(kinds({ schedules: [] })).toEqual(['at-risk', 'no-schedule'])
    expect(kinds({ schedules: [{ ...nightly, enabled: false }] })).toEqual(['at-risk', 'schedule-off'])
  })

  it('a failed run counts until a good backup is newer', () => {
    expect(kinds({ lastRuns: [failed('2026-11-27T02:29:00Z')] })).toEqual(['protected'])
  })

  it('a host that is away says nothing of disks', () => {
    expect(kinds({ disks: null })).toEqual(['protected'])
  })

  it('the newest must be sound with all below it', () => {
    const full = backup('f', '2026-11-26T02:30:01Z')
    const increment = (change: Partial<JudgedBackup>) =>
      backup('i', '2026-11-27T02:30:01Z', { kind: 'increment', parentId: 'f', ...change })
    expect(kinds({ backups: [full, increment({})] })).toEqual(['protected'])
    expect(kinds({ backups: [full, increment({ check: 'damaged' })] })).toEqual(['at-risk', 'damaged'])
    expect(kinds({ backups: [{ ...full, check: 'damaged' }, increment({})] })).toEqual([
      'unprotected',
      'damaged',
    ])
    expect(kinds({ backups: [increment({})] })).toEqual(['unprotected', 'broken-chain'])
    // It waits for its check, and the one before it is recent enough.
    expect(kinds({ backups: [full, increment({ check: 'unchecked' })] })).toEqual(['protected'])
    expect(judge({ backups: [increment({ parentId: null, check: 'unchecked' })] })).toMatchObject({
      state: 'unprotected',
      sentence: 'The newest backup is not checked yet.',
      mend: { act: 'check', targetId: 't', backupId: 'i' },
    })
  })
})
