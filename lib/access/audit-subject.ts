import 'server-only'
import { store } from '../store/store.ts'
import type { AuditAct } from './audit-acts.ts'
import { vmName } from './vm-names.ts'

/** What was acted on, as far as the input names it. */
export interface AuditSubject {
  host: string | null
  vm_uuid: string | null
  vm_name: string | null
  snapshot: string | null
  job_id: string | null
  subject_user: string | null
}

/** The input of a refused act may hold anything. */
const NAME_MAX_CHARACTERS = 300
export const NO_SUBJECT: AuditSubject = {
  host: null,
  vm_uuid: null,
  vm_name: null,
  snapshot: null,
  job_id: null,
  subject_user: null,
}

/** Reads the subject out of an act's input, by the field names that all acts share. */
export async function auditSubject(act: AuditAct, input: unknown): Promise<AuditSubject> {
  const fields = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {}
  const text = (key: string) => {
    const value = Object.hasOwn(fields, key) ? fields[key] : null
    return typeof value === 'string' && value !== '' ? value.slice(0, NAME_MAX_CHARACTERS) : null
  }
  if (act.startsWith('user.'))
    return { ...NO_SUBJECT, subject_user: (await userName(text('id'))) ?? text('name') }
  if (act === 'share.revoke') return shareSubject(text('id'))
  const jobId = text('jobId')
  if (jobId !== null) {
    const job = await store()
      .selectFrom('jobs')
      .select(['host', 'vm_uuid', 'vm_name'])
      .where('id', '=', jobId)
      .executeTakeFirst()
    return {
      ...NO_SUBJECT,
      job_id: jobId,
      host: job?.host ?? null,
      vm_uuid: job?.vm_uuid || null,
      vm_name: job?.vm_name ?? null,
    }
  }
  const targetId = text('targetId')
  if (targetId !== null && act.startsWith('backup.') && act !== 'backup.start')
    return ofBackup(targetId, text('backupId'), text('vmUuid'))
  const scheduleId = text('scheduleId') ?? (act === 'schedule.remove' ? text('id') : null)
  if (scheduleId !== null) return ofSchedule(scheduleId, text('vmUuid'))
  const [host, vm] = [text('host'), text('vm') ?? (act === 'schedule.save' ? text('vmUuid') : null)]
  return {
    ...NO_SUBJECT,
    host,
    vm_uuid: vm,
    vm_name: host !== null && vm !== null ? await vmName(host, vm) : null,
    snapshot: text('snapshot') ?? (act === 'snapshot.create' ? text('name') : null),
  }
}

/** The VM that it is of, or for which it was asked to run. */
async function ofSchedule(id: string, vmUuid: string | null): Promise<AuditSubject> {
  const found = await store()
    .selectFrom('schedules')
    .select(['host', 'vm_uuid'])
    .where('id', '=', id)
    .executeTakeFirst()
  const vm = vmUuid ?? found?.vm_uuid ?? null
  return {
    ...NO_SUBJECT,
    host: found?.host ?? null,
    vm_uuid: vm,
    vm_name: found && vm !== null ? await vmName(found.host, vm) : null,
  }
}

/** The VM whose backup it is: acts on backups name the target, and the backup or the VM. */
async function ofBackup(
  targetId: string,
  backupId: string | null,
  vmUuid: string | null,
): Promise<AuditSubject> {
  let query = store()
    .selectFrom('backups')
    .select(['host', 'vm_uuid', 'vm_name'])
    .where('target_id', '=', targetId)
  query = backupId !== null ? query.where('id', '=', backupId) : query.where('vm_uuid', '=', vmUuid ?? '')
  const found = await query.executeTakeFirst()
  return {
    ...NO_SUBJECT,
    host: found?.host ?? null,
    vm_uuid: found?.vm_uuid ?? null,
    vm_name: found?.vm_name ?? null,
  }
}

/** What the link leads to. */
async function shareSubject(id: string | null): Promise<AuditSubject> {
  const share =
    id === null
      ? undefined
      : await store()
          .selectFrom('shares')
          .select(['host', 'vm_uuid', 'snapshot', 'job_id'])
          .where('id', '=', id)
          .executeTakeFirst()
  if (!share) return NO_SUBJECT
  return {
    ...NO_SUBJECT,
    host: share.host,
    vm_uuid: share.vm_uuid || null,
    vm_name: await vmName(share.host, share.vm_uuid),
    snapshot: share.snapshot,
    job_id: share.job_id,
  }
}

async function userName(id: string | null): Promise<string | null> {
  if (id === null) return null
  return (
    (await store().selectFrom('users').select('name').where('id', '=', id).executeTakeFirst())?.name ?? null
  )
}
