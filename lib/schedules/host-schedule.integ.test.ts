import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../testing/backup-acts.ts'
import { HOST, startKeyframe, type Keyframe } from '../testing/in-process.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import type { ScheduleRun } from './types.ts'

const MIB = 1024 * 1024
const MINUTE_MS = 60_000
const EVERY_MINUTES = 10
let now = Math.floor(Date.now() / 600_000) * 600_000 - 6 * 60 * MINUTE_MS + MINUTE_MS
const clock = { now: () => now }
let lab: Lab
let keyframe: Keyframe
let target: Awaited<ReturnType<typeof makeTarget>>
const uuids: Record<string, string> = {}
const ofHost = crypto.randomUUID()
const ofOwn = crypto.randomUUID()

const look = async () => (await import('./start-schedules.ts')).lookAtSchedules()
const runs = async (scheduleId: string): Promise<ScheduleRun[]> =>
  (await (await import('./read-runs.ts')).listRuns({ scheduleId, limit: 100 })).reverse()
const backupsOf = (name: string) => backupActs(keyframe, uuids[name]!, target).list()
async function save(id: string, vmUuid: string | null, minutes = EVERY_MINUTES) {
  const { saveSchedule } = await import('./save-schedule.ts')
  return saveSchedule(
    {
      id,
      exists: false,
      host: HOST,
      vmUuid,
      targetId: target.id,
      method: 'incremental',
      quiesce: 'off',
      when: { kind: 'interval', minutes },
      timeZone: 'UTC',
      retention: { last: 10, daily: 0, weekly: 0, monthly: 0 },
    },
    { name: 'tester' },
  )
}
/** A schedule that was saved, as its form sends it. */
async function form(id: string) {
  const { when, timeZone, retention, host, vmUuid, targetId, method, quiesce } = (await (
    await import('./read-schedules.ts')
  ).findSchedule(id))!
  return { id, exists: true, when, timeZone, retention, host, vmUuid, targetId, method, quiesce }
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
        .where('outcome', 'in', ['waiting', 'started'])
        .execute()
      return open.length === 0 && left.length === 0 ? true : undefined
    },
    { limitMs: 90_000, everyMs: 200, what: 'The end of what the runs began' },
  )
}
async function pass() {
  now += EVERY_MINUTES * MINUTE_MS
  await look()
  await settled()
}
const jobsOf = async (runId: string) =>
  (await import('../store/store.ts'))
    .store()
    .selectFrom('jobs')
    .select(['id', 'status'])
    .where('nonce', '=', runId)
    .execute()

beforeAll(async () => {
  lab = await startTestLab('host-schedule')
  keyframe = await startKeyframe(lab, { clock })
  target = await makeTarget(lab, 'nightly')
  for (const [name, format] of [
    ['mixed', 'raw'],
    ['plain', 'qcow2'],
    ['own', 'qcow2'],
  ] as const) {
    await lab.defineGuest({ name, system: 'none', disks: [{ format, virtualBytes: 8 * MIB }] })
    await lab.startGuest(name)
    uuids[name] = await keyframe.uuid(name)
  }
})
afterAll(async () => {
  await keyframe?.stop()
  await lab?.stop({ remove: true })
})

describe('a schedule of a whole host', () => {
  it('backs up each VM that has no schedule of its own, by what fits it, and says where that is a copy', async () => {
    await save(ofHost, null)
    await save(ofOwn, uuids.own!, 2 * EVERY_MINUTES)
    const { protectionsOf } = await import('./protection.ts')
    expect(
      Object.fromEntries((await protectionsOf(HOST)).map((each) => [each.vmName, each.scheduleIds])),
    ).toEqual({ mixed: [ofHost], plain: [ofHost], own: [ofOwn] })
    await look()
    await pass()
    await pass()
    expect((await runs(ofHost)).map((run) => [run.vmName, run.outcome, run.note]).sort()).toEqual([
      ['mixed', 'done', 'Copied whole: vda is not qcow2.'],
      ['mixed', 'done', 'Copied whole: vda is not qcow2.'],
      ['plain', 'done', null],
      ['plain', 'done', null],
    ])
    expect((await backupsOf('mixed')).map((backup) => [backup.method, backup.kind])).toEqual([
      ['copy', 'full'],
      ['copy', 'full'],
    ])
    expect((await backupsOf('plain')).map((backup) => [backup.method, backup.kind])).toEqual([
      ['checkpoint', 'full'],
      ['checkpoint', 'increment'],
    ])
    // The one with a schedule of its own runs by that alone.
    expect((await runs(ofOwn)).map((run) => [run.vmName, run.outcome])).toEqual([['own', 'done']])
    expect(await backupsOf('own')).toHaveLength(1)
    expect((await protectionsOf(HOST)).map((each) => [each.vmName, each.state]).sort()).toEqual([
      ['mixed', 'protected'],
      ['own', 'protected'],
      ['plain', 'protected'],
    ])
  })

  it('is mended by hand as it runs: a VM with a raw disk is copied', async () => {
    const { backUpAsScheduled } = await import('./back-up-as-scheduled.ts')
    expect(
      await keyframe.ended(
        await backUpAsScheduled(
          { scheduleId: ofHost, vmUuid: uuids.mixed!, nonce: crypto.randomUUID() },
          { name: 'tester' },
        ),
      ),
    ).toMatchObject({ kind: 'backup-copy', status: 'succeeded' })
  })

  it('covers a VM again whose own schedule is gone, and is refused a second time for the same target', async () => {
    await expect(save(crypto.randomUUID(), null)).rejects.toThrow(/lab has a schedule to this target already/)
    await (await import('./remove-schedule.ts')).removeSchedule({ id: ofOwn })
    await pass()
    expect(
      (await runs(ofHost))
        .slice(-3)
        .map((run) => [run.vmName, run.outcome, run.note])
        .sort(),
    ).toEqual([
      ['mixed', 'done', 'Copied whole: vda is not qcow2.'],
      ['own', 'done', null],
      ['plain', 'done', null],
    ])
  })
})

describe('a VM that is left out of protection', () => {
  const user = { name: 'tester' }
  const vm = () => ({ host: HOST, vm: uuids.mixed! })
  const newest = async (count: number) =>
    (await runs(ofHost))
      .slice(-count)
      .map((run) => run.vmName)
      .sort()

  it('is passed by by its host’s schedule and counts no more, until it is protected again', async () => {
    const { leaveOut, listLeftOut, protectAgain } = await import('./left-out.ts')
    const { protectionOf, protectionsOf } = await import('./protection.ts')
    const before = (await backupsOf('mixed')).length
    const { store } = await import('../store/store.ts')
    await store()
      .insertInto('schedule_runs')
      .values({
        id: 'waits',
        schedule_id: ofHost,
        host: HOST,
        vm_uuid: uuids.mixed!,
        vm_name: 'mixed',
        due_at_ms: now - 1,
        started_at_ms: null,
        job_id: null,
        outcome: 'waiting',
        note: null,
      })
      .execute()
    await leaveOut({ ...vm(), reason: 'a template' }, user)
    expect((await runs(ofHost)).find((run) => run.id === 'waits')).toMatchObject({
      outcome: 'skipped',
      note: 'The VM was left out of protection before it began.',
    })
    // What its host's schedule would drop elsewhere stays.
    await store()
      .updateTable('schedule_runs')
      .set({ tidied: 0 })
      .where('vm_uuid', '=', uuids.mixed!)
      .where('outcome', '=', 'done')
      .execute()
    await (
      await import('./save-schedule.ts')
    ).saveSchedule({ ...(await form(ofHost)), retention: { last: 1, daily: 0, weekly: 0, monthly: 0 } }, user)
    await look()
    await settled()
    expect(await backupsOf('mixed')).toHaveLength(before)
    await (
      await import('./save-schedule.ts')
    ).saveSchedule(
      await form(ofHost).then((now) => ({
        ...now,
        retention: { last: 10, daily: 0, weekly: 0, monthly: 0 },
      })),
      user,
    )
    expect(await listLeftOut(HOST)).toMatchObject([{ vmName: 'mixed', reason: 'a template', by: 'tester' }])
    expect([
      (await protectionsOf(HOST)).map((each) => each.vmName).sort(),
      await protectionOf(HOST, uuids.mixed!),
    ]).toEqual([['own', 'plain'], null])
    await pass()
    expect([await newest(2), (await backupsOf('mixed')).length]).toEqual([['own', 'plain'], before])
    const { previewSchedule } = await import('./preview-schedule.ts')
    expect((await previewSchedule(await form(ofHost))).retention.map((each) => each.vmName).sort()).toEqual([
      'own',
      'plain',
    ])
    expect(
      (
        await previewSchedule({
          ...(await form(ofHost)),
          id: crypto.randomUUID(),
          exists: false,
          vmUuid: uuids.mixed!,
          method: 'copy',
        })
      ).endsLeftOut,
    ).toBe('a template')
    await protectAgain(vm())
    expect(await protectionOf(HOST, uuids.mixed!)).not.toBeNull()
    await pass()
    expect(await newest(3)).toEqual(['mixed', 'own', 'plain'])
  })

  it('is protected again by a schedule of its own; one that has such a schedule can’t be left out', async () => {
    const { leaveOut, listLeftOut } = await import('./left-out.ts')
    const { removeSchedule } = await import('./remove-schedule.ts')
    await leaveOut({ host: HOST, vm: uuids.plain!, reason: '' }, user)
    const id = crypto.randomUUID()
    await save(id, uuids.plain!, 24 * 60)
    expect(await listLeftOut(HOST)).toEqual([])
    const { saveSchedule } = await import('./save-schedule.ts')
    await saveSchedule({ ...(await form(id)), enabled: false }, user)
    await leaveOut({ host: HOST, vm: uuids.plain!, reason: '' }, user)
    expect(await listLeftOut(HOST)).toMatchObject([{ vmName: 'plain' }])
    await saveSchedule({ ...(await form(id)), enabled: true }, user)
    expect(await listLeftOut(HOST)).toEqual([])
    await expect(leaveOut({ host: HOST, vm: uuids.plain!, reason: '' }, user)).rejects.toThrow(
      /has a schedule of its own/,
    )
    await removeSchedule({ id })
  })
})

describe('Keyframe is killed between a run’s row and what is noted of its job', () => {
  /** What stands in the database is all that a kill leaves. */
  async function comesBack() {
    const { dataDir } = keyframe
    await keyframe.stop({ keepData: true })
    keyframe = await startKeyframe(lab, { clock, dataDir })
    await settled()
  }

  it('before the job was begun: the next process begins it, once', async () => {
    const { store } = await import('../store/store.ts')
    const { runId } = await import('./record-due.ts')
    const id = runId(ofHost, now, uuids.plain!)
    const before = (await backupsOf('plain')).length
    await keyframe.stop({ keepData: true })
    await (await import('../store/store.ts')).openStore()
    await store()
      .insertInto('schedule_runs')
      .values({
        id: `${id}:row`,
        schedule_id: ofHost,
        host: HOST,
        vm_uuid: uuids.plain!,
        vm_name: 'plain',
        due_at_ms: now,
        started_at_ms: null,
        job_id: null,
        outcome: 'waiting',
        note: null,
      })
      .execute()
    await comesBack()
    await look()
    expect([await jobsOf(`${id}:row`), (await backupsOf('plain')).length]).toEqual([
      [{ id: expect.any(String) as string, status: 'succeeded' }],
      before + 1,
    ])
  })

  it('after the job was begun, and before that was noted: the job is found, and no second one begun', async () => {
    const { store } = await import('../store/store.ts')
    const last = (await runs(ofHost)).findLast((run) => run.vmName === 'plain' && run.jobId !== null)!
    const before = (await backupsOf('plain')).length
    await store()
      .updateTable('schedule_runs')
      .set({ outcome: 'waiting', job_id: null, started_at_ms: null })
      .where('id', '=', last.id)
      .execute()
    await comesBack()
    expect((await runs(ofHost)).find((run) => run.id === last.id)).toMatchObject({
      outcome: 'done',
      jobId: last.jobId,
    })
    expect([await jobsOf(last.id), (await backupsOf('plain')).length]).toEqual([
      [{ id: last.jobId, status: 'succeeded' }],
      before,
    ])
  })
})
