import 'server-only'
import { randomUUID } from 'node:crypto'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { engine, wakeWorker } from './engine.ts'
import { toView, UNFINISHED } from './job-rows.ts'
import { Refusal } from './refusal.ts'
import type { Saga } from './saga.ts'
import type { JobKind } from './types.ts'

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
 * Records a job and starts it. Rejects with Refusal while another job works on the same VM, other than one of the kind
 * `beside` (Force off must be possible while a shutdown waits for its guest).
 * @returns the job's id; for a nonce that was used, the id of its job.
 */
export async function startJob<Input extends object>(saga: Saga<Input>, subject: JobSubject, input: Input, user: { name: string }, beside?: JobKind): Promise<{ jobId: string }> {
  const row = {
    id: randomUUID(), kind: saga.kind, host: subject.host, vm_uuid: subject.vmUuid, vm_name: subject.vmName, title: subject.title,
    status: 'queued', by: user.name, nonce: subject.nonce, input: JSON.stringify(input), created_at_ms: Date.now(), ended_at_ms: null,
    percent: null, note: null, result: null, error: null, can_cancel: 0, cancel_requested: 0,
  }
  // One transaction: two forms sent at the same instant must not both find the VM idle.
  const twin = await store().transaction().execute(async (transaction) => {
    const same = await transaction.selectFrom('jobs').select('id').where('nonce', '=', subject.nonce).executeTakeFirst()
    if (same) return same.id
    const active = await transaction.selectFrom('jobs').selectAll().where('host', '=', subject.host).where('vm_uuid', '=', subject.vmUuid).where('status', 'in', [...UNFINISHED]).execute()
    const other = active.find((each) => each.kind !== beside)
    if (other) throw new Refusal(`${subject.vmName} is busy: “${other.title}”, begun by ${other.by}, is not finished. Wait for it${other.can_cancel === 1 ? ', or cancel it' : ''}.`)
    await transaction.insertInto('jobs').values(row).execute()
    return null
  })
  if (twin !== null) return { jobId: twin }
  publish({ type: 'job', job: toView(row) })
  await enqueue(row.id, saga.kind, saga.version, input)
  return { jobId: row.id }
}

/** Gives a recorded job to the engine; the job's id as key makes it the same run when given twice. */
export async function enqueue(jobId: string, kind: string, version: string, input: object): Promise<void> {
  await engine().workflows.runWorkflow({ name: kind, version }, { jobId, input }, { idempotencyKey: jobId })
  await wakeWorker()
}
