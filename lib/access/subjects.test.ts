import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { startJobRow } from '../shares/testing/job-row.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { action } from './action.ts'
import { NO_SUBJECT, textsOf, type AuditSubject, type SubjectOf } from './audit-subject.ts'
import * as subjects from './subjects.ts'
import { createUser } from './users.ts'
import { nameVmsBy } from './vm-names.ts'

vi.mock('./action.ts', () => ({ action: vi.fn(() => async () => ({ ok: true })) }))

const app = fileURLToPath(new URL('../../app', import.meta.url))

/** Whom each action concerns, written out once more: whoever adds one says it here, too. */
const EXPECTED: Record<string, keyof typeof subjects | (keyof typeof subjects)[]> = {
  'account.change-password': 'ofNothing',
  'account.end-session': 'ofNothing',
  'account.end-other-sessions': 'ofNothing',
  'snapshot.create': 'ofNewSnapshot',
  'snapshot.revert': 'ofSnapshot',
  'snapshot.delete': 'ofSnapshot',
  'merge.start': 'ofVm',
  'merge.bandwidth': 'ofJob',
  'vm.power': 'ofVm',
  'repair.start': 'ofHost',
  'job.cancel': 'ofJob',
  'job.way-out': 'ofJob',
  'block-job.cancel': 'ofVm',
  'block-job.pivot': 'ofVm',
  // Now, and as its schedule would.
  'backup.start': ['ofVm', 'ofScheduledRun'],
  'backup.check': 'ofBackup',
  'backup.restore': 'ofBackup',
  'backup.restore-in-place': 'ofBackup',
  'backup.end-restore': 'ofJob',
  'backup.remove': 'ofBackupsOfVm',
  'target.add': 'ofHost',
  'target.read-anew': 'ofNothing',
  'target.adopt': 'ofNothing',
  'target.remove': 'ofNothing',
  'schedule.save': 'ofNewSchedule',
  'schedule.remove': 'ofSchedule',
  'protection.leave-out': 'ofVm',
  'protection.protect-again': 'ofVm',
  'share.create': 'ofNewShare',
  'share.revoke': 'ofShare',
  'user.invite': 'ofNamedUser',
  'user.withdraw': 'ofUser',
  'user.change-role': 'ofUser',
  'user.disable': 'ofUser',
  'user.enable': 'ofUser',
  'user.new-link': 'ofUser',
  'user.end-session': 'ofUser',
  'user.end-sessions': 'ofUser',
  // The host of a channel is a mail server, and none that Keyframe looks after.
  'notification.save': 'ofNothing',
  'notification.remove': 'ofNothing',
  'notification.test': 'ofNothing',
}

it('every action of the app says whom it concerns', async () => {
  const files = readdirSync(app, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(^|\/)actions\.ts$/.test(file),
  )
  expect(files.length).toBeGreaterThan(7)
  for (const file of files) await import(/* @vite-ignore */ join(app, file))
  const names = new Map(Object.entries(subjects).map(([name, subject]) => [subject, name]))
  const declared: Record<string, unknown> = {}
  for (const [act, , subject] of vi.mocked(action).mock.calls) {
    const [name, before] = [names.get(subject as never), declared[act]]
    declared[act] = before === undefined ? name : [before, name]
  }
  expect(declared).toEqual(EXPECTED)
})

describe('a subject', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeEach(async () => {
    temporary = await openTemporaryStore()
    nameVmsBy((host, uuid) => (host === 'h' && uuid === 'u' ? 'web' : null))
    await store()
      .insertInto('backup_targets')
      .values({ id: 't', host: 'h', name: 't', path: '/t', quota_bytes: null, created_at_ms: 1 })
      .execute()
  })
  afterEach(() => temporary.remove())
  const read = (subject: SubjectOf<string>, input: unknown): Promise<AuditSubject> => subject(textsOf(input))
  const VM = { ...NO_SUBJECT, host: 'h', vm_uuid: 'u', vm_name: 'web' }

  it('is the VM, the snapshot or the host that the input names', async () => {
    const vm = { host: 'h', vm: 'u' }
    expect(await read(subjects.ofVm, vm)).toEqual(VM)
    expect(await read(subjects.ofSnapshot, { ...vm, snapshot: 's' })).toEqual({ ...VM, snapshot: 's' })
    expect(await read(subjects.ofNewSnapshot, { ...vm, name: 'n' })).toEqual({ ...VM, snapshot: 'n' })
    expect(await read(subjects.ofHost, vm)).toEqual({ ...NO_SUBJECT, host: 'h' })
    expect(await read(subjects.ofNothing, vm)).toEqual(NO_SUBJECT)
    expect(await read(subjects.ofVm, { host: 'h', vm: 'gone' })).toEqual({
      ...NO_SUBJECT,
      host: 'h',
      vm_uuid: 'gone',
    })
  })

  it('is the job, and the VM that it works on', async () => {
    await startJobRow('j')
    expect(await read(subjects.ofJob, { jobId: 'j' })).toEqual({ ...VM, job_id: 'j' })
    expect(await read(subjects.ofJob, { jobId: 'x' })).toEqual({ ...NO_SUBJECT, job_id: 'x' })
    expect(await read(subjects.ofJob, { host: 'h' })).toEqual(NO_SUBJECT)
  })

  it('is the VM that was backed up', async () => {
    await store()
      .insertInto('backups')
      .values({
        target_id: 't',
        id: 'b',
        host: 'h',
        vm_uuid: 'u',
        vm_name: 'web',
        method: 'copy',
        kind: 'full',
        parent_id: null,
        created_at_ms: 1,
        took_ms: 1,
        bytes: 1,
        manifest: '{}',
        check_status: 'good',
        checked_at_ms: null,
        check_note: null,
        signed_with: null,
      })
      .execute()
    expect(await read(subjects.ofBackup, { targetId: 't', backupId: 'b' })).toEqual(VM)
    expect(await read(subjects.ofBackupsOfVm, { targetId: 't', vmUuid: 'u' })).toEqual(VM)
    for (const input of [{ targetId: 't' }, { backupId: 'b', vmUuid: 'u' }, { targetId: 'x', backupId: 'b' }])
      expect([await read(subjects.ofBackup, input), await read(subjects.ofBackupsOfVm, input)]).toEqual([
        NO_SUBJECT,
        NO_SUBJECT,
      ])
  })

  it('is the VM of the schedule, or the one for which a host’s was asked to run', async () => {
    const row = {
      host: 'h',
      target_id: 't',
      method: 'copy',
      quiesce: 'auto',
      bandwidth: 0,
      full_every_days: 7,
      when: '{}',
      time_zone: 'UTC',
      jitter_minutes: 0,
      retention: '{}',
      recheck_days: 7,
      enabled: 1,
      created_at_ms: 1,
      created_by: 'ann',
      handled_until_ms: 1,
    }
    await store()
      .insertInto('schedules')
      .values([
        { ...row, id: 'of-vm', vm_uuid: 'u', vm_name: 'web' },
        { ...row, id: 'of-host', vm_uuid: null, vm_name: null },
      ])
      .execute()
    expect(await read(subjects.ofSchedule, { id: 'of-vm' })).toEqual(VM)
    expect(await read(subjects.ofSchedule, { id: 'of-host' })).toEqual({ ...NO_SUBJECT, host: 'h' })
    expect(await read(subjects.ofScheduledRun, { scheduleId: 'of-host', vmUuid: 'u' })).toEqual(VM)
    expect(await read(subjects.ofScheduledRun, { scheduleId: 'gone', vmUuid: 'u' })).toEqual({
      ...NO_SUBJECT,
      vm_uuid: 'u',
    })
    expect(await read(subjects.ofNewSchedule, { id: 'new', host: 'h', vmUuid: 'u' })).toEqual(VM)
    expect(await read(subjects.ofNewSchedule, { id: 'new', host: 'h', vmUuid: null })).toEqual({
      ...NO_SUBJECT,
      host: 'h',
    })
  })

  it('is what a link leads to, before it is made and after', async () => {
    await startJobRow('j')
    const share = {
      kind: 'snapshot',
      host: 'h',
      vm_uuid: 'u',
      snapshot_created_at_ms: 1,
      label: 'web',
      show_paths: 0,
      password_hash: null,
      created_by: 'ann',
      created_by_id: null,
      created_at_ms: 1,
      expires_at_ms: 1,
      revoked_at_ms: null,
      opened_count: 0,
      last_opened_at_ms: null,
    }
    await store()
      .insertInto('shares')
      .values([
        { ...share, id: 's1', token_hash: '1', snapshot: 's', job_id: null },
        { ...share, id: 's2', token_hash: '2', snapshot: null, job_id: 'j' },
      ])
      .execute()
    const made = { host: 'h', vm: 'u', snapshot: 's' }
    expect(await read(subjects.ofNewShare, made)).toEqual({ ...VM, snapshot: 's' })
    expect(await read(subjects.ofNewShare, { jobId: 'j' })).toEqual({ ...VM, job_id: 'j' })
    expect(await read(subjects.ofShare, { id: 's1' })).toEqual({ ...VM, snapshot: 's' })
    expect(await read(subjects.ofShare, { id: 's2' })).toEqual({ ...VM, job_id: 'j' })
    expect(await read(subjects.ofShare, { id: 'gone' })).toEqual(NO_SUBJECT)
  })

  it('is a user by the name, known or to be', async () => {
    const ann = await createUser('ann', 'a good password', 'admin')
    expect(await read(subjects.ofUser, { id: ann.id })).toEqual({ ...NO_SUBJECT, subject_user: 'ann' })
    expect(await read(subjects.ofUser, { id: 'gone' })).toEqual(NO_SUBJECT)
    expect(await read(subjects.ofNamedUser, { name: 'bob' })).toEqual({ ...NO_SUBJECT, subject_user: 'bob' })
  })

  it('comes out of any input at all, no name longer than 300 characters', async () => {
    for (const input of [null, undefined, 'text', 7, [], [['host', 'h']], Object.create({ host: 'h' })])
      for (const subject of Object.values(subjects))
        expect(await read(subject as SubjectOf<string>, input)).toEqual(NO_SUBJECT)
    expect(await read(subjects.ofVm, { host: { h: 1 }, vm: ['u'] })).toEqual(NO_SUBJECT)
    expect(await read(subjects.ofVm, { host: '', vm: 7 })).toEqual(NO_SUBJECT)
    for (const [length, kept] of [
      [300, 300],
      [301, 300],
    ] as const)
      expect((await read(subjects.ofHost, { host: 'x'.repeat(length) })).host).toHaveLength(kept)
  })
})

it('reads no field that the act’s input does not have: that does not compile', () => {
  const Input = z.object({ host: z.string(), count: z.number(), vmUuid: z.string().nullable() })
  const run = async () => ({})
  action('vm.power', Input, subjects.ofHost, run)
  action('vm.power', Input, subjects.ofNewSchedule, run)
  // @ts-expect-error: it has no field vm
  action('vm.power', Input, subjects.ofVm, run)
  // @ts-expect-error: a number is no name
  action('vm.power', Input, (text) => subjects.ofHost(() => text('count')), run)
})
