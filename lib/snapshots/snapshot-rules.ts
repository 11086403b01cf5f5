import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import type { BlockJobView } from '../hosts/types.ts'

interface Situation {
  snapshot: SnapshotMetadata
  job: BlockJobView | null
  /** libvirt's, as "11.3.0"; "" when not known. */
  version: string
}

const olderThan = (version: string, major: number, minor: number): boolean => {
  const [haveMajor = 0, haveMinor = 0] = version.split('.').map(Number)
  return version !== '' && (haveMajor < major || (haveMajor === major && haveMinor < minor))
}

const busy = (job: BlockJobView | null) => (job ? `A block job runs on ${job.target}: wait for it, or cancel it.` : null)

/** Why a snapshot can't be reverted to; null when it can. Page, dialog and action use the same answer. */
export function revertRefusal({ snapshot, job, version, unproven }: Situation & { unproven: string | null }): string | null {
  if (olderThan(version, 9, 9) && snapshot.disks.some((disk) => disk.kind === 'external')) return `Its host has libvirt ${version}; reverting to an external snapshot needs 9.9.`
  if (unproven) return unproven
  const halfDeleted = snapshot.disks.find((disk) => disk.deleteInProgress)
  if (halfDeleted) return `The delete of one of its children was broken off, which has changed the data of ${halfDeleted.target}. Repeat that delete first.`
  return busy(job)
}

/** Why a snapshot can't be deleted; null when it can. */
export function deleteRefusal({ snapshot, job, version }: Situation): string | null {
  if (olderThan(version, 9, 0) && snapshot.disks.some((disk) => disk.kind === 'external')) return `Its host has libvirt ${version}; deleting an external snapshot needs 9.0. Merge its layers instead.`
  return busy(job)
}
