import 'server-only'
import type { KnownVm } from '../hosts/inventory.ts'
import { store } from '../store/store.ts'
import { endRestoreSaga, restoreInPlaceSaga, type EndRestoreJob, type RestoreInPlaceJob } from './restore-in-place-saga.ts'

/** A restore in place whose old disks are still kept. */
export interface OpenRestore {
  jobId: string
  backupId: string
  endedAtMs: number
}

/** Does the VM start from these images? */
const startsFrom = (vm: Pick<KnownVm, 'description'>, images: readonly { target: string; path: string }[]): boolean =>
  images.every((image) => vm.description?.disks.some((disk) => disk.target === image.target && disk.path === image.path))

/** The restore in place of this VM that somebody has yet to end; null when there is none. */
export async function openRestoreOf(vm: KnownVm, host: string): Promise<OpenRestore | null> {
  const row = await store().selectFrom('jobs').select(['id', 'input', 'ended_at_ms']).where('kind', '=', restoreInPlaceSaga.kind).where('status', '=', 'succeeded').where('host', '=', host).where('vm_uuid', '=', vm.uuid)
    .orderBy('created_at_ms', 'desc').limit(1).executeTakeFirst()
  if (!row) return null
  const job = JSON.parse(row.input) as RestoreInPlaceJob
  // After "keep the restored disks" the VM starts from them, too: the job that ended it tells.
  const ends = await store().selectFrom('jobs').select('input').where('kind', '=', endRestoreSaga.kind).where('status', '=', 'succeeded').where('host', '=', host).where('vm_uuid', '=', vm.uuid).execute()
  const isEnded = ends.some((end) => (JSON.parse(end.input) as EndRestoreJob).restored.some((image) => job.disks.some((disk) => disk.path === image.path)))
  return !isEnded && startsFrom(vm, job.disks) ? { jobId: row.id, backupId: job.backupId, endedAtMs: row.ended_at_ms ?? 0 } : null
}
