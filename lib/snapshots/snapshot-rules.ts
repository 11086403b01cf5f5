import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import type { BlockJobView } from '../hosts/types.ts'
import { refusalOf, refusedIf } from '../plans/checks.ts'
import type { PlanCheck } from '../plans/types.ts'

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

const isExternal = (snapshot: SnapshotMetadata) => snapshot.disks.some((disk) => disk.kind === 'external')
const versionCheck = (version: string, refusal: string | null) =>
  refusedIf(
    'host version',
    refusal,
    version === '' ? 'The host’s version is not known.' : `libvirt ${version} can do it.`,
  )
const jobCheck = (job: BlockJobView | null) =>
  refusedIf(
    'running jobs',
    job ? `A block job runs on ${job.target}: wait for it, or cancel it.` : null,
    'No block job runs on this VM.',
  )

/** What speaks against reverting to a snapshot. `unproven`: why its data can't be relied on, where nobody may insist. */
export function revertChecks({
  snapshot,
  job,
  version,
  unproven,
}: Situation & { unproven: string | null }): PlanCheck[] {
  const halfDeleted = snapshot.disks.find((disk) => disk.deleteInProgress)
  return [
    versionCheck(
      version,
      olderThan(version, 9, 9) && isExternal(snapshot)
        ? `Its host has libvirt ${version}; reverting to an external snapshot needs 9.9.`
        : null,
    ),
    refusedIf('restore points', unproven, 'What it froze was not changed since.'),
    refusedIf(
      'leftovers',
      halfDeleted
        ? `The delete of one of its children was broken off, which has changed the data of ${halfDeleted.target}. Repeat that delete first.`
        : null,
      'No delete was broken off here.',
    ),
    jobCheck(job),
  ]
}

/** What speaks against deleting a snapshot. */
export function deleteChecks({ snapshot, job, version }: Situation): PlanCheck[] {
  return [
    versionCheck(
      version,
      olderThan(version, 9, 0) && isExternal(snapshot)
        ? `Its host has libvirt ${version}; deleting an external snapshot needs 9.0. Merge its layers instead.`
        : null,
    ),
    jobCheck(job),
  ]
}

/** Why a snapshot can't be reverted to; null when it can. Page, dialog and action use the same answer. */
export const revertRefusal = (situation: Situation & { unproven: string | null }): string | null =>
  refusalOf(revertChecks(situation))

/** Why a snapshot can't be deleted; null when it can. */
export const deleteRefusal = (situation: Situation): string | null => refusalOf(deleteChecks(situation))
