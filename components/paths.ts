import type { GET as backupForm } from '@/app/api/hosts/[host]/vms/[vm]/backup-form/route'
import type { GET as deletePlan } from '@/app/api/hosts/[host]/vms/[vm]/delete-plan/route'
import type { GET as mergePlan } from '@/app/api/hosts/[host]/vms/[vm]/merge-plan/route'
import type { GET as revertPlan } from '@/app/api/hosts/[host]/vms/[vm]/revert-plan/route'
import type { GET as snapshotForm } from '@/app/api/hosts/[host]/vms/[vm]/snapshot-form/route'
import type { GET as snapshotName } from '@/app/api/hosts/[host]/vms/[vm]/snapshot-name/route'
import type { GET as snapshotPlan } from '@/app/api/hosts/[host]/vms/[vm]/snapshot-plan/route'
import type { GET as restorePlaces } from '@/app/api/hosts/[host]/restore-places/route'
import type { GET as job } from '@/app/api/jobs/[id]/route'
import type { GET as schedulePreview } from '@/app/api/schedule-preview/route'
import type { GET as shares } from '@/app/api/shares/route'
import type { GET as foreignBackups } from '@/app/api/targets/[target]/foreign/route'
import type { GET as restorePlan } from '@/app/api/targets/[target]/restore-plan/route'
import type { AnswerOf } from '@/lib/access/route'
import type { ScheduleInput } from '@/lib/schedules/schedule-input'
import type { ShareSubject } from '@/lib/shares/types'
import type { QuiesceMode } from '@/lib/snapshots/types'

// Every address of the app, in one place: names of VMs and snapshots hold spaces, quotes, slashes and per cent signs.

declare const READS: unique symbol
/** An address of ours that answers JSON, and what that is: useGet and getJson know by it what they read. */
export type ReadPath<T> = string & { readonly [READS]: T }

/** `Route`: the handler that answers at this address. */
const reads = <Route>(path: string) => path as ReadPath<AnswerOf<Route>>

const part = encodeURIComponent

export const listPath = (query: { q?: string; sort?: string; page?: number } = {}): string => {
  const search = new URLSearchParams()
  if (query.q) search.set('q', query.q)
  if (query.sort) search.set('sort', query.sort)
  if (query.page !== undefined && query.page > 1) search.set('page', String(query.page))
  return search.size > 0 ? `/?${search}` : '/'
}

export const vmPath = (host: string, vm: string): string => `/hosts/${part(host)}/vms/${part(vm)}`
export const snapshotPath = (host: string, vm: string, snapshot: string): string =>
  `${vmPath(host, vm)}/snapshots/${part(snapshot)}`
/** Check & repair, of one VM and of a whole host. */
export const vmCheckPath = (host: string, vm: string): string => `${vmPath(host, vm)}/check`
export const hostCheckPath = (host: string): string => `/hosts/${part(host)}/check`
/** All backups, and those of one VM. */
export const backupsPath = (): string => '/backups'
/** Where the schedules of whole hosts are listed. */
export const hostSchedulesPath = (): string => `${backupsPath()}#host-schedules`
export const vmBackupsPath = (host: string, vm: string): string => `${vmPath(host, vm)}/backups`

const vmApi = (host: string, vmUuid: string): string => `/api${vmPath(host, vmUuid)}`
/** What the dialog for a new snapshot offers. */
export const snapshotFormPath = (host: string, vmUuid: string) =>
  reads<typeof snapshotForm>(`${vmApi(host, vmUuid)}/snapshot-form`)
/** Whether a new snapshot can have this name. */
export const snapshotNamePath = (host: string, vmUuid: string, name: string) =>
  reads<typeof snapshotName>(`${vmApi(host, vmUuid)}/snapshot-name?${new URLSearchParams({ name })}`)
export const revertPlanPath = (host: string, vmUuid: string, snapshot: string) =>
  reads<typeof revertPlan>(`${vmApi(host, vmUuid)}/revert-plan?${new URLSearchParams({ snapshot })}`)
export const deletePlanPath = (host: string, vmUuid: string, snapshot: string, withChildren: boolean) =>
  reads<typeof deletePlan>(
    `${vmApi(host, vmUuid)}/delete-plan?${new URLSearchParams({ snapshot, ...(withChildren ? { children: '1' } : {}) })}`,
  )
export const mergePlanPath = (
  host: string,
  vmUuid: string,
  range: { target?: string; topPath?: string; basePath?: string; removeTemplates?: boolean } = {},
) => {
  const search = new URLSearchParams()
  if (range.target !== undefined) search.set('target', range.target)
  if (range.topPath !== undefined) search.set('top', range.topPath)
  if (range.basePath !== undefined) search.set('base', range.basePath)
  if (range.removeTemplates) search.set('removeTemplates', 'yes')
  return reads<typeof mergePlan>(`${vmApi(host, vmUuid)}/merge-plan${search.size > 0 ? `?${search}` : ''}`)
}
/** What plans of the VM rest on, as a file to download. */
export const situationPath = (host: string, vmUuid: string, names: 'shown' | 'hidden') =>
  `${vmApi(host, vmUuid)}/situation?names=${names}`
/** What the dialog for a backup offers. */
export const backupFormPath = (host: string, vmUuid: string) =>
  reads<typeof backupForm>(`${vmApi(host, vmUuid)}/backup-form`)
/** What a schedule would do. */
export const schedulePreviewPath = (input: ScheduleInput) =>
  reads<typeof schedulePreview>(
    `/api/schedule-preview?${new URLSearchParams({ input: JSON.stringify(input) })}`,
  )
/** Directories that restored disks may go to. */
export const restorePlacesPath = (host: string) =>
  reads<typeof restorePlaces>(`/api/hosts/${part(host)}/restore-places`)
/** The backups in a target that another Keyframe made. */
export const foreignBackupsPath = (targetId: string) =>
  reads<typeof foreignBackups>(`/api/targets/${part(targetId)}/foreign`)
/** What a restore does with the configuration of a backup. */
export const restorePlanPath = (targetId: string, backupId: string) =>
  reads<typeof restorePlan>(
    `/api/targets/${part(targetId)}/restore-plan?${new URLSearchParams({ backup: backupId })}`,
  )
export const usersPath = (): string => '/users'
/** The audit log, searched by the names of its form's fields. */
export const auditPath = (
  search: {
    person?: string
    vm?: string
    act?: string
    result?: string
    q?: string
    from?: string
    until?: string
    page?: number
  } = {},
): string => {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(search))
    if (value !== undefined && value !== '' && !(key === 'page' && Number(value) <= 1))
      query.set(key, String(value))
  return query.size > 0 ? `/audit?${query}` : '/audit'
}
export const jobsPath = (): string => '/jobs'
/** A job's own page. */
export const jobPagePath = (jobId: string): string => `/jobs/${part(jobId)}`
export const snapshotPlanPath = (
  host: string,
  vmUuid: string,
  question: {
    disks: readonly string[]
    quiesce: QuiesceMode
    directory: string | null
    transientConfirmed?: boolean
  },
) => {
  const search = new URLSearchParams({
    quiesce: question.quiesce,
    ...(question.directory === null ? {} : { directory: question.directory }),
    ...(question.transientConfirmed ? { transient: 'all-the-same' } : {}),
  })
  for (const disk of question.disks) search.append('disk', disk)
  return reads<typeof snapshotPlan>(`${vmApi(host, vmUuid)}/snapshot-plan?${search}`)
}
export const jobPath = (jobId: string) => reads<typeof job>(`/api/jobs/${part(jobId)}`)

/** The event stream, for the open VM pages (`host/uuid`), resumed after an event id. */
export const eventsPath = (watches: Iterable<string>, since: string | null): string => {
  const search = new URLSearchParams()
  for (const watch of watches) search.append('watch', watch)
  if (since !== null) search.set('since', since)
  return search.size > 0 ? `/api/events?${search}` : '/api/events'
}

/** Who is told, and how. */
export const notificationsPath = (): string => '/notifications'

/** All share links. */
export const sharesPath = (): string => '/shares'
/** The links to one thing. */
export const sharesOfPath = (subject: ShareSubject) =>
  reads<typeof shares>(`/api/shares?${new URLSearchParams(subject)}`)
/** A share link's own page, for people without an account, and what belongs to it. */
export const sharePath = (token: string): string => `/s/${part(token)}`
export const shareUnlockPath = (token: string): string => `${sharePath(token)}/unlock`
export const shareOpenedPath = (token: string): string => `${sharePath(token)}/opened`
export const shareEventsPath = (token: string, since: string | null): string =>
  `${sharePath(token)}/events${since === null ? '' : `?${new URLSearchParams({ since })}`}`

/** A part of the address as Next hands it to pages: still encoded. What can't be decoded names nothing we have. */
export function decodePart(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}
