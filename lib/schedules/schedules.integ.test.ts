import { mkdirSync, renameSync, rmdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../testing/backup-acts.ts'
import { HOST, startKeyframe, type Keyframe } from '../testing/in-process.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import type { ProtectionChange, ScheduleRun } from './types.ts'

const MIB = 1024 * 1024
const MINUTE_MS = 60_000
const EVERY_MINUTES = 10
/** Backups carry the real time, so the schedules' clock begins hours before it: each is newer than the run it was made by. */
let now = Math.floor(Date.now() / 600_000) * 600_000 - 6 * 60 * MINUTE_MS + MINUTE_MS
const clock = { now: () => now }
let lab: Lab
let keyframe: Keyframe
let target: Awaited<ReturnType<typeof makeTarget>>
let uuid: string
const scheduleId = crypto.randomUUID()
const changes: ProtectionChange[] = []

const look = async () => (await import('./start-schedules.ts')).lookAtSchedules()
const runs = async (): Promise<ScheduleRun[]> =>
  (await (await import('./read-runs.ts')).listRuns({ scheduleId, limit: 100 })).reverse()
const protection = async () => (await (await import('./protection.ts')).protectionOf(HOST, uuid))!
const backups = () => backupActs(keyframe, uuid, target).list()
async function save(change: object = {}) {
  const { saveSchedule } = await import('./save-schedule.ts')
  const { findSchedule } = await import('./read-schedules.ts')
  return saveSchedule(
    {
      id: scheduleId,
      exists: (await findSchedule(scheduleId)) !== null,
      host: HOST,
      vmUuid: uuid,
      targetId: target.id,
      method: 'incremental',
      quiesce: 'off',
      when: { kind: 'interval', minutes: EVERY_MINUTES },
      timeZone: 'UTC',
      retention: { last: 10, daily: 0, weekly: 0, monthly: 0 },
      ...change,
    },
    { name: 'tester' },
  )
}
/** Lets the time of so many runs pass, and what they began come to its end: jobs, checks, removals. */
async function pass(count: number) {
  now += count * EVERY_MINUTES * MINUTE_MS
  await look()
  await settled()
}
async function settled() {
  const { readJobs } = await import('../jobs/read-jobs.ts')
  const { store } = await import('../store/store.ts')
  await waitUntil(
    async () => {
      await look()
      const open = await readJobs({ unfinished: true, limit: 10 })
      const left = await store()
        .selectFrom('schedule_runs')
        .select('id')
        .where((where) =>
          where.or([
            where('outcome', '=', 'started'),
            where.and([where('outcome', '=', 'done'), where('tidied', '=', 0)]),
          ]),
        )
        .execute()
      return open.length === 0 && left.length === 0 ? true : undefined
    },
    { limitMs: 90_000, everyMs: 200, what: 'The end of what the run began' },
  )
}
async function begin(dataDir?: string) {
  keyframe = await startKeyframe(lab, { clock, dataDir })
  const { onProtectionChange } = await import('./watch-protection.ts')
  return onProtectionChange((change) => {
    if (change.now.vmName === 'a') changes.push(change)
  })
}

let silence: () => void
beforeAll(async () => {
  lab = await startTestLab('schedules')
  silence = await begin()
  target = await makeTarget(lab, 'nightly')
  await lab.defineGuest({ name: 'a', system: 'none', disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }] })
  await lab.startGuest('a')
  uuid = await keyframe.uuid('a')
})
afterAll(async () => {
  await keyframe?.stop()
  await lab?.stop({ remove: true })
})

describe('a schedule', () => {
  it('makes a full, then increments; each is checked by itself, and the VM is protected', async () => {
    expect(await protection()).toMatchObject({
      state: 'unprotected',
      sentence: 'No backup was ever made, and no schedule makes one.',
      mend: { act: 'schedule' },
    })
    await save()
    expect(await protection()).toMatchObject({ state: 'unprotected', mend: { act: 'backup', scheduleId } })
    await look()
    expect(await runs()).toEqual([])
    await pass(1)
    await pass(1)
    const made = await backups()
    expect(made.map((backup) => [backup.kind, backup.parentId, backup.check])).toEqual([
      ['full', null, 'good'],
      ['increment', made[0]!.id, 'good'],
    ])
    expect((await runs()).map((run) => [run.outcome, run.note])).toEqual([
      ['done', null],
      ['done', null],
    ])
    expect((await runs()).map((run) => run.dueAtMs % (EVERY_MINUTES * MINUTE_MS))).toEqual([0, 0])
    expect(await protection()).toMatchObject({
      state: 'protected',
      reasons: [],
      mend: null,
      lastGood: { backupId: made[1]!.id, targetName: 'nightly' },
      nextRunMs: (await runs())[1]!.dueAtMs + EVERY_MINUTES * MINUTE_MS,
    })
    expect(changes.map((change) => [change.before, change.now.state])).toContainEqual([
      'unprotected',
      'protected',
    ])
    await look()
    expect(await runs()).toHaveLength(2)
  })

  it('previews what happens, and lets the retention drop what no rule keeps, never what a kept one rests on', async () => {
    const { previewSchedule } = await import('./preview-schedule.ts')
    const before = await backups()
    const form = {
      id: scheduleId,
      exists: true,
      host: HOST,
      vmUuid: uuid,
      targetId: target.id,
      method: 'incremental' as const,
      quiesce: 'off' as const,
      when: { kind: 'interval' as const, minutes: EVERY_MINUTES },
      timeZone: 'UTC',
      retention: { last: 1, daily: 0, weekly: 0, monthly: 0 },
    }
    const preview = await previewSchedule(form)
    expect([preview.words, preview.nextRuns.length, preview.nextRuns[0]!.atMs]).toEqual([
      'every 10 minutes',
      5,
      (await protection()).nextRunMs,
    ])
    expect(preview.retention).toEqual([
      {
        vmUuid: uuid,
        vmName: 'a',
        verdicts: [
          expect.objectContaining({ id: before[1]!.id, keep: true }),
          expect.objectContaining({ id: before[0]!.id, keep: true }),
        ],
      },
    ])
    await save({ retention: form.retention })
    await pass(1)
    // All three are one chain.
    expect(await backups()).toHaveLength(3)
    // Without its checkpoint the next is a full, and the whole chain before it expires.
    const { backUpAsScheduled } = await import('./back-up-as-scheduled.ts')
    await lab.virsh(
      'checkpoint-delete',
      '--domain',
      'a',
      '--checkpointname',
      `keyframe-${(await backups()).at(-1)!.id}`,
    )
    const job = await keyframe.ended(
      await backUpAsScheduled({ scheduleId, vmUuid: uuid, nonce: crypto.randomUUID() }, { name: 'tester' }),
    )
    expect(job.status).toBe('succeeded')
    await settled()
    await pass(1)
    const left = await backups()
    expect(left.map((backup) => [backup.kind, backup.check])).toEqual([
      ['full', 'good'],
      ['increment', 'good'],
    ])
    expect(backupActs(keyframe, uuid, target).folders()).toEqual(left.map((backup) => backup.id).sort())
    expect((await protection()).state).toBe('protected')
  })

  it('records that its target was away; the next run is right by itself', async () => {
    renameSync(target.path, `${target.path}-away`)
    mkdirSync(target.path)
    lab.user.own(target.path)
    await pass(1)
    const failed = (await runs()).at(-1)!
    expect([failed.outcome, failed.note, failed.jobId]).toEqual([
      'failed',
      expect.stringMatching(/is not the backup target nightly.*Nothing was written/),
      null,
    ])
    expect(await protection()).toMatchObject({
      state: 'at-risk',
      mend: { act: 'target', targetId: target.id },
      reasons: [{ kind: 'target' }],
    })
    rmdirSync(target.path)
    renameSync(`${target.path}-away`, target.path)
    await pass(1)
    expect((await runs()).at(-1)).toMatchObject({ outcome: 'done', note: null })
    expect(await protection()).toMatchObject({ state: 'protected', reasons: [] })
  })

  it('makes up once for what was missed while Keyframe did not run', async () => {
    const before = await runs()
    const { dataDir } = keyframe
    silence()
    await keyframe.stop({ keepData: true })
    now += 5 * EVERY_MINUTES * MINUTE_MS
    silence = await begin(dataDir)
    await waitUntil(
      async () => {
        await look()
        return (await runs()).length > before.length ? true : undefined
      },
      { limitMs: 10_000, what: 'The run that makes up for the missed ones' },
    )
    await settled()
    const since = (await runs()).slice(before.length)
    expect(since.map((run) => [run.outcome, run.note])).toEqual([
      ['missed', expect.stringMatching(/^4 runs were missed/)],
      ['done', null],
    ])
    expect((await protection()).state).toBe('protected')
  })

  it('turned off and on again makes nothing up, and the VM is at risk meanwhile', async () => {
    const { store } = await import('../store/store.ts')
    await store()
      .insertInto('schedule_runs')
      .values({
        id: 'waits',
        schedule_id: scheduleId,
        host: HOST,
        vm_uuid: uuid,
        vm_name: 'a',
        due_at_ms: now,
        started_at_ms: null,
        job_id: null,
        outcome: 'waiting',
        note: null,
      })
      .execute()
    await save({ enabled: false })
    expect((await runs()).find((run) => run.id === 'waits')).toMatchObject({
      outcome: 'skipped',
      note: 'The schedule was turned off before it began.',
    })
    expect(await protection()).toMatchObject({
      state: 'at-risk',
      nextRunMs: null,
      mend: { act: 'schedule', scheduleId },
      reasons: [{ kind: 'schedule-off' }],
    })
    const count = (await runs()).length
    await pass(3)
    expect(await runs()).toHaveLength(count)
    await save({ enabled: true })
    await look()
    expect(await runs()).toHaveLength(count)
  })

  it('is refused a second time for the same VM and target, and keeps its target from being removed', async () => {
    await expect(save({ id: crypto.randomUUID(), exists: false })).rejects.toThrow(
      /has a schedule to this target already/,
    )
    const { removeTarget } = await import('../backups/targets/remove-target.ts')
    await expect(removeTarget({ targetId: target.id })).rejects.toThrow(/is the target of the schedule of a/)
  })
})
