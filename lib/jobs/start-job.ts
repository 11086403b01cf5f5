import 'server-only'
import { randomUUID } from 'node:crypto'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { engine, wakeWorker } from './engine.ts'
import { toView } from './job-rows.ts'
import { readActiveJob } from './read-jobs.ts'
import { Refusal } from './refusal.ts'
import type { Saga } from './saga.ts'

export interface JobSubject {
  host: string
  vmUuid: string
  vmName: string
  /** What the job does, e.g. "Merge vda: s2.qcow2 into base.raw". */
  title: string
  /** Made with each rendered form: the same form sent twice is one job. */
  nonce: string
}

/**
 * Records a job and starts it. Rejects with Refusal while another job works on the same VM.
 * @returns the job's id; for a nonce that was used, the id of its job.
 */
export async function startJob<Input extends object>(saga: Saga<Input>, subject: JobSubject, input: Input, user: { name: string }): Promise<{ jobId: string }> {
  const twin = await store().selectFrom('jobs').select('id').where('nonce', '=', subject.nonce).executeTakeFirst()
  if (twin) return { jobId: twin.id }
  const active = await readActiveJob(subject.host, subject.vmUuid)
  if (active) throw new Refusal(`${subject.vmName} is busy: “${active.title}”, begun by ${active.by}, is not finished. Wait for it${active.canCancel ? ', or cancel it' : ''}.`)
  const row = await store().insertInto('jobs').values({
    id: randomUUID(), kind: saga.kind, host: subject.host, vm_uuid: subject.vmUuid, vm_name: subject.vmName, title: subject.title,
    status: 'queued', by: user.name, nonce: subject.nonce, input: JSON.stringify(input), created_at_ms: Date.now(), ended_at_ms: null,
    percent: null, note: null, result: null, error: null, can_cancel: 0, cancel_requested: 0,
  }).onConflict((conflict) => conflict.column('nonce').doNothing()).returningAll().executeTakeFirst()
  if (!row) return startJob(saga, subject, input, user)
  publish({ type: 'job', job: toView(row) })
  await enqueue(row.id, saga.kind, saga.version, input)
  return { jobId: row.id }
}

/** Gives a recorded job to the engine; the job's id as key makes it the same run when given twice. */
export async function enqueue(jobId: string, kind: string, version: string, input: object): Promise<void> {
  await engine().workflows.runWorkflow({ name: kind, version }, { jobId, input }, { idempotencyKey: jobId })
  await wakeWorker()
}
