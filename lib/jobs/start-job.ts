import 'server-only'
import { randomUUID } from 'node:crypto'
import type { Transaction } from 'kysely'
import { publish } from '../live/hub.ts'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import { toView, UNFINISHED } from './job-rows.ts'
import { dispatch } from './queue.ts'
import { Refusal } from './refusal.ts'
import { conflictOf, lockedName, qualify } from './locks.ts'
import { apartKinds } from './saga-registry.ts'
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
  /** What no other job may touch meanwhile besides the VM itself, e.g. the files of its chains; `readLock` of what it only reads. */
  locks?: readonly string[]
}

/**
 * Records a job and starts it, or queues it. Rejects with Refusal while another job works on the same VM or on what is
 * locked, other than one of the kind `beside` (Force off must be possible while a shutdown waits for its guest).
 * @returns the job's id; for a nonce that was used, the id of its job.
 */
export async function startJob<Input extends object>(
  saga: Saga<Input>,
  subject: JobSubject,
  input: Input,
  user: { name: string },
  beside?: JobKind,
): Promise<{ jobId: string }> {
  const row = {
    id: randomUUID(),
    kind: saga.kind,
    host: subject.host,
    vm_uuid: subject.vmUuid,
    vm_name: subject.vmName,
    title: subject.title,
    status: 'queued',
    by: user.name,
    nonce: subject.nonce,
    input: JSON.stringify(input),
    created_at_ms: Date.now(),
    ended_at_ms: null,
    percent: null,
    note: null,
    result: null,
    error: null,
    can_cancel: 0,
    cancel_requested: 0,
    version: saga.version,
    run: 1,
    mode: 'do',
    locks: JSON.stringify(subject.locks ?? []),
    begun_at_ms: null,
    offers: '[]',
    request: null,
    copied_bytes: null,
    kept: '{}',
  }
  // One transaction: two forms sent at the same instant must not both find the VM idle.
  const twin = await store()
    .transaction()
    .execute(async (transaction) => {
      const same = await transaction
        .selectFrom('jobs')
        .select('id')
        .where('nonce', '=', subject.nonce)
        .executeTakeFirst()
      if (same) return same.id
      await refuseLocked(transaction, row, subject.locks ?? [], beside)
      await transaction.insertInto('jobs').values(row).execute()
      return null
    })
  if (twin !== null) return { jobId: twin }
  publish({ type: 'job', job: toView(row) })
  await dispatch()
  return { jobId: row.id }
}

/** Throws Refusal while an unfinished job other than this one holds the VM, or one of the locks. */
export async function refuseLocked(
  transaction: Transaction<Schema>,
  job: { id: string; kind: string; host: string; vm_uuid: string; vm_name: string },
  locks: readonly string[],
  beside?: JobKind,
): Promise<void> {
  const active = await transaction
    .selectFrom('jobs')
    .selectAll()
    .where('status', 'in', [...UNFINISHED])
    .where('id', '!=', job.id)
    .execute()
  const wanted = locks.map((lock) => qualify(lock, job.host))
  const apart = apartKinds()
  const own = apart.includes(job.kind)
    ? undefined
    : active.find(
        (each) =>
          each.host === job.host &&
          each.vm_uuid === job.vm_uuid &&
          each.kind !== beside &&
          !apart.includes(each.kind),
      )
  if (own)
    throw new Refusal(
      own.status === 'waiting'
        ? `${job.vm_name} is busy: “${own.title}”, begun by ${own.by}, has stopped half way and waits for a decision. Open it and choose a way out first.`
        : `${job.vm_name} is busy: “${own.title}”, begun by ${own.by}, is not finished. Wait for it${own.can_cancel === 1 ? ', or cancel it' : ''}.`,
    )
  for (const other of active) {
    const conflict = conflictOf(
      (JSON.parse(other.locks) as string[]).map((lock) => qualify(lock, other.host)),
      wanted,
    )
    if (conflict === null) continue
    const shared = lockedName(conflict)
    if (other.vm_uuid !== job.vm_uuid || other.host !== job.host)
      throw new Refusal(
        `${job.vm_name} shares ${shared} with ${other.vm_name}, where “${other.title}”, begun by ${other.by}, is not finished. Wait for it.`,
      )
    // Two jobs of one VM meet here only when one of them leaves the VM alone.
    if (apart.includes(other.kind) || apart.includes(job.kind))
      throw new Refusal(
        `“${other.title}”, begun by ${other.by}, works on ${shared} and is not finished. Wait for it${other.can_cancel === 1 ? ', or cancel it' : ''}.`,
      )
  }
}
