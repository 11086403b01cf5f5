import type { LiveEvent } from '../live/types.ts'
import type { JobView } from '../jobs/types.ts'
import { BACKUP_KINDS } from './backup-kinds.ts'
import { shareBlockJob } from './hide.ts'
import type { Share, ShareEvent } from './types.ts'

/** All of a job that its page shows but its percentage. */
const wordsOf = (job: JobView) =>
  JSON.stringify([job.title, job.status, job.note, job.error, job.result, job.endedAtMs])

/** Tells, for one open page of a share, what each event means to it: null when it is of something else. */
export function changesOf(
  share: Pick<Share, 'kind' | 'host' | 'vmUuid' | 'jobId'>,
): (event: LiveEvent) => ShareEvent | null {
  const told = new Map<string, string>()
  const isOwn = (event: { host: string; vmUuid: string }) =>
    event.host === share.host && event.vmUuid === share.vmUuid
  return (event) => {
    switch (event.type) {
      case 'vm':
        return share.kind !== 'job' && isOwn(event) ? { type: 'changed' } : null
      // What makes a page of an unknown VM worth reading again: its host came back.
      case 'host':
        return null
      case 'block-jobs':
        return share.kind !== 'snapshot' && share.kind !== 'backups' && isOwn(event)
          ? {
              type: 'block-jobs',
              jobs: event.jobs
                .filter((job) => share.kind === 'vm' || job.jobId === share.jobId)
                .map(shareBlockJob),
            }
          : null
      case 'job': {
        const { job } = event
        if (share.kind === 'job' ? job.id !== share.jobId : !isOwn(job)) return null
        if (share.kind === 'backups' && !BACKUP_KINDS.has(job.kind)) return null
        if (share.kind === 'snapshot') return job.endedAtMs === null ? null : { type: 'changed' }
        const words = wordsOf(job)
        if (told.get(job.id) === words) return { type: 'progress', jobId: job.id, percent: job.percent }
        told.set(job.id, words)
        return { type: 'changed' }
      }
      case 'job-story':
        return share.kind === 'job' && event.jobId === share.jobId ? { type: 'changed' } : null
      case 'reload':
        return { type: 'changed' }
      case 'backups':
        return share.kind === 'backups' &&
          event.host === share.host &&
          (event.vmUuid === null || event.vmUuid === share.vmUuid)
          ? { type: 'changed' }
          : null
      case 'share':
      case 'access':
      case 'users':
      case 'audit':
      case 'notifications':
      case 'signed-out':
        return null
    }
  }
}
