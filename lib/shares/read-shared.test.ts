import { afterEach, beforeEach, expect, it } from 'vitest'
import { Host } from '../hosts/host.ts'
import { setHosts, stopHosts } from '../hosts/registry.ts'
import { readJob } from '../jobs/read-jobs.ts'
import type { JobKind, JobStatus } from '../jobs/types.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { changesOf } from './changes.ts'
import { describeShared } from './describe-shared.ts'
import { readShared } from './read-shared.ts'
import { MARK, MARKED_FILE, markedRows, OWN } from './testing/marked-job.ts'
import type { Share } from './types.ts'

// A record, so that a new kind or status must be added here.
const KINDS: Record<JobKind, true> = {
  snapshot: true,
  merge: true,
  revert: true,
  delete: true,
  start: true,
  shutdown: true,
  resume: true,
  thaw: true,
  repair: true,
  backup: true,
  'backup-copy': true,
  'backup-check': true,
  'backup-remove': true,
  restore: true,
  'restore-in-place': true,
  'restore-end': true,
}
const STATUSES: Record<JobStatus, true> = {
  queued: true,
  running: true,
  waiting: true,
  succeeded: true,
  failed: true,
  cancelled: true,
}
const share: Omit<Share, 'showPaths'> = {
  id: 's',
  kind: 'job',
  host: MARK.host,
  vmUuid: 'u',
  snapshot: null,
  jobId: 'j',
  passwordHash: null,
  expiresAtMs: Date.now() + 60_000,
}

async function markedJob(job: Parameters<typeof markedRows>[0]): Promise<void> {
  const rows = markedRows(job)
  await store().insertInto('jobs').values(rows.job).execute()
  for (const { step, calls } of rows.steps) {
    const { id } = await store()
      .insertInto('job_steps')
      .values(step)
      .returning('id')
      .executeTakeFirstOrThrow()
    await store()
      .insertInto('job_calls')
      .values(calls.map((call) => ({ ...call, step_id: id })))
      .execute()
  }
}

let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
beforeEach(async () => {
  temporary = await openTemporaryStore()
})
afterEach(() => temporary.remove())

for (const kind of Object.keys(KINDS) as JobKind[]) {
  it(`a shared job of the kind ${kind} names no host, target, other VM, user or file, however it stands`, async () => {
    for (const status of Object.keys(STATUSES) as JobStatus[]) {
      const id = `${kind}-${status}`
      await markedJob({ id, kind, status })
      for (const showPaths of [false, true]) {
        const own = { ...share, jobId: id, showPaths }
        const view = await readShared(own)
        const event = changesOf(own)({ type: 'job', job: (await readJob(id))! })
        const out = JSON.stringify([view, describeShared(view), event])
        for (const mark of Object.values(MARK))
          expect([kind, status, showPaths, mark, out.includes(mark)]).toEqual([
            kind,
            status,
            showPaths,
            mark,
            false,
          ])
        if (!showPaths)
          for (const part of MARKED_FILE.split(/[ /]/).filter(Boolean))
            expect([kind, status, part, out.includes(part)]).toEqual([kind, status, part, false])
        expect(view).toMatchObject({
          kind: 'job',
          vmName: OWN.vm,
          job: { status, percent: 7, title: expect.stringMatching(/^[A-Z]/) },
        })
        expect(out).toContain('"virDomainBlockCommit"')
      }
    }
  })
}

it('a job on a file of no VM, which stands under its host’s name, names nothing either', async () => {
  await markedJob({ id: 'j', kind: 'repair', status: 'failed', vmUuid: '', vmName: MARK.host })
  const view = await readShared({ ...share, vmUuid: '', showPaths: false })
  expect(view).toMatchObject({
    vmName: null,
    job: {
      title: 'Repair',
      error: 'The repair failed. Who shared this can see why in Keyframe.',
      note: null,
      result: [],
    },
  })
  expect(describeShared(view)).toEqual({ title: 'Repair', description: 'Failed. Read-only.' })
  expect(JSON.stringify(view)).not.toContain('MARK')
})

it('a link to a VM’s backups shows jobs under way, and names nothing but the VM', async () => {
  await store()
    .insertInto('backup_targets')
    .values({
      id: 't',
      host: MARK.host,
      name: MARK.target,
      path: MARKED_FILE,
      quota_bytes: null,
      created_at_ms: 1,
    })
    .execute()
  await store()
    .insertInto('backups')
    .values({
      target_id: 't',
      id: `${MARK.other}-2026`,
      host: MARK.host,
      vm_uuid: 'u',
      vm_name: OWN.vm,
      method: 'copy',
      kind: 'full',
      parent_id: null,
      created_at_ms: 1,
      took_ms: 1,
      bytes: 1,
      manifest: JSON.stringify({ target: MARK.target, path: MARKED_FILE }),
      check_status: 'damaged',
      checked_at_ms: 2,
      check_note: MARKED_FILE,
    })
    .execute()
  // A host that does not answer: what is known of the VM is what the database says.
  setHosts(new Map([[MARK.host, new Host(MARK.host, 'qemu:///system?socket=/nonexistent/socket')]]))
  for (const kind of ['backup', 'backup-copy', 'backup-check'] as const)
    await markedJob({ id: kind, kind, status: 'running' })
  for (const showPaths of [false, true]) {
    const view = await readShared({ ...share, kind: 'backups', jobId: null, showPaths })
    expect(view).toMatchObject({
      kind: 'backups',
      vmName: OWN.vm,
      jobs: expect.arrayContaining([
        expect.objectContaining({ title: 'Backup by copy', note: null, error: null }),
      ]),
    })
    expect(JSON.stringify([view, describeShared(view)])).not.toMatch(/MARK/)
  }
  await stopHosts()
})
