import 'server-only'
import { store } from '../store/store.ts'
import { NO_SUBJECT, type AuditSubject, type SubjectOf } from './audit-subject.ts'
import { vmName } from './vm-names.ts'

// Whom an act concerns, for its record: each action names one of these. What they read of a refused act may be anything.

/** Nobody else, and nothing on a host. */
export const ofNothing: SubjectOf<never> = async () => NO_SUBJECT

export const ofHost: SubjectOf<'host'> = async (text) => ({ ...NO_SUBJECT, host: text('host') })

export const ofVm: SubjectOf<'host' | 'vm'> = (text) => namedVm(text('host'), text('vm'))

export const ofSnapshot: SubjectOf<'host' | 'vm' | 'snapshot'> = async (text) => ({
  ...(await ofVm(text)),
  snapshot: text('snapshot'),
})

/** A snapshot that is about to be taken, by its name. */
export const ofNewSnapshot: SubjectOf<'host' | 'vm' | 'name'> = async (text) => ({
  ...(await ofVm(text)),
  snapshot: text('name'),
})

/** A job, and what it works on. */
export const ofJob: SubjectOf<'jobId'> = async (text) => {
  const id = text('jobId')
  if (id === null) return NO_SUBJECT
  const job = await store()
    .selectFrom('jobs')
    .select(['host', 'vm_uuid', 'vm_name'])
    .where('id', '=', id)
    .executeTakeFirst()
  return {
    ...NO_SUBJECT,
    job_id: id,
    host: job?.host ?? null,
    vm_uuid: job?.vm_uuid || null,
    vm_name: job?.vm_name ?? null,
  }
}

/** The VM whose backup it is. */
export const ofBackup: SubjectOf<'targetId' | 'backupId'> = (text) =>
  backedUpVm(text('targetId'), 'id', text('backupId'))

/** The VM of which a target holds backups. */
export const ofBackupsOfVm: SubjectOf<'targetId' | 'vmUuid'> = (text) =>
  backedUpVm(text('targetId'), 'vm_uuid', text('vmUuid'))

/** The VM or the host that a schedule is to be of. */
export const ofNewSchedule: SubjectOf<'host' | 'vmUuid'> = (text) => namedVm(text('host'), text('vmUuid'))

/** The VM or the host that a schedule is of. */
export const ofSchedule: SubjectOf<'id'> = (text) => scheduledVm(text('id'), null)

/** The VM for which a schedule was asked to run. */
export const ofScheduledRun: SubjectOf<'scheduleId' | 'vmUuid'> = (text) =>
  scheduledVm(text('scheduleId'), text('vmUuid'))

/** What a link is to lead to. */
export const ofNewShare: SubjectOf<'host' | 'vm' | 'snapshot' | 'jobId'> = (text) =>
  text('jobId') === null ? ofSnapshot(text) : ofJob(text)

/** What a link leads to. */
export const ofShare: SubjectOf<'id'> = async (text) => {
  const id = text('id')
  if (id === null) return NO_SUBJECT
  const share = await store()
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

export const ofUser: SubjectOf<'id'> = async (text) => {
  const id = text('id')
  if (id === null) return NO_SUBJECT
  const user = await store().selectFrom('users').select('name').where('id', '=', id).executeTakeFirst()
  return { ...NO_SUBJECT, subject_user: user?.name ?? null }
}

/** A user by name, who may not be there yet. */
export const ofNamedUser: SubjectOf<'name'> = async (text) => ({ ...NO_SUBJECT, subject_user: text('name') })

async function namedVm(host: string | null, vmUuid: string | null): Promise<AuditSubject> {
  return {
    ...NO_SUBJECT,
    host,
    vm_uuid: vmUuid,
    vm_name: host !== null && vmUuid !== null ? await vmName(host, vmUuid) : null,
  }
}

async function backedUpVm(
  targetId: string | null,
  by: 'id' | 'vm_uuid',
  value: string | null,
): Promise<AuditSubject> {
  if (targetId === null || value === null) return NO_SUBJECT
  const found = await store()
    .selectFrom('backups')
    .select(['host', 'vm_uuid', 'vm_name'])
    .where('target_id', '=', targetId)
    .where(by, '=', value)
    .executeTakeFirst()
  return { ...NO_SUBJECT, ...found }
}

async function scheduledVm(id: string | null, vmUuid: string | null): Promise<AuditSubject> {
  if (id === null) return NO_SUBJECT
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
