import 'server-only'
import { requireVm } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import type { KnownVm } from '../../hosts/inventory.ts'
import { readSnapshots } from '../../hosts/snapshot-metadata.ts'
import { stateWords } from '../../hosts/state-words.ts'
import { walkChain } from '../../hosts/walk-chain.ts'
import { store } from '../../store/store.ts'
import {
  endRestoreSaga,
  restoreInPlaceSaga,
  type EndRestoreJob,
  type RestoreInPlaceJob,
} from './restore-in-place-saga.ts'

/** A restore in place whose old disks are still kept. */
export interface OpenRestore {
  jobId: string
  backupId: string
  endedAtMs: number
  /** Why the old disks can't be put back as it stands now, one sentence or two; null when they can. */
  putBackRefusal: string | null
}

/** The restore in place of this VM that somebody has yet to end; null when there is none. What was restored may be below layers of snapshots that were taken since. */
export async function openRestoreOf(host: Host, vm: KnownVm): Promise<OpenRestore | null> {
  const row = await lastRestoreOf(host.name, vm.uuid)
  if (!row) return null
  const job = JSON.parse(row.input) as RestoreInPlaceJob
  // After "keep the restored disks" the VM starts from them, too: the job that ended it tells.
  const ends = await store()
    .selectFrom('jobs')
    .select('input')
    .where('kind', '=', endRestoreSaga.kind)
    .where('status', '=', 'succeeded')
    .where('host', '=', host.name)
    .where('vm_uuid', '=', vm.uuid)
    .execute()
  if (
    ends.some((end) =>
      (JSON.parse(end.input) as EndRestoreJob).restored.some((image) =>
        job.disks.some((disk) => disk.path === image.path),
      ),
    )
  )
    return null
  const chains = await Promise.all(
    job.disks.map(async ({ target, path }) => ({ target, path, files: await filesOf(host, vm, target) })),
  )
  if (!chains.every(({ path, files }) => files.includes(path))) return null
  return {
    jobId: row.id,
    backupId: job.backupId,
    endedAtMs: row.ended_at_ms ?? 0,
    putBackRefusal: await putBackRefusal(host, vm, chains),
  }
}

/** The same for pages that need the VM for nothing else: libvirt is only asked when it was ever restored in place. Throws HostDown, VmHung or VmGone. */
export async function readOpenRestore(host: string, vmUuid: string): Promise<OpenRestore | null> {
  if (!(await lastRestoreOf(host, vmUuid))) return null
  const now = await requireVm(host, vmUuid)
  return openRestoreOf(now.host, now.vm)
}

const lastRestoreOf = (host: string, vmUuid: string) =>
  store()
    .selectFrom('jobs')
    .select(['id', 'input', 'ended_at_ms'])
    .where('kind', '=', restoreInPlaceSaga.kind)
    .where('status', '=', 'succeeded')
    .where('host', '=', host)
    .where('vm_uuid', '=', vmUuid)
    .orderBy('created_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst()

interface RestoredChain {
  target: string
  /** What was restored. */
  path: string
  /** Of the disk as it is now, active first. */
  files: readonly string[]
}

async function filesOf(host: Host, vm: KnownVm, target: string): Promise<string[]> {
  const disk = vm.description?.disks.find((each) => each.target === target)
  if (!disk || disk.path === null) return []
  if (vm.running && disk.layers.length > 0) return disk.layers.flatMap((layer) => layer.path ?? [])
  return (await walkChain(host.files, disk.path, disk.format)).layers.map((layer) => layer.reading.path)
}

/** With the old disks the layers and snapshots that rest on the restored ones would be lost. */
async function putBackRefusal(
  host: Host,
  vm: KnownVm,
  chains: readonly RestoredChain[],
): Promise<string | null> {
  const { list } = await readSnapshots(await host.connection.reader(), vm.uuid)
  const resting = list
    .filter((snapshot) =>
      snapshot.disks.some((disk) =>
        chains.some(
          ({ target, path, files }) =>
            target === disk.target &&
            disk.frozenPath !== null &&
            files.slice(0, files.indexOf(path) + 1).includes(disk.frozenPath),
        ),
      ),
    )
    .map((snapshot) => snapshot.name)
  if (resting.length > 0)
    return `${resting.length === 1 ? `The snapshot ${resting[0]} rests` : `The snapshots ${resting.join(', ')} rest`} on the restored disks and would be lost with them. Delete or merge ${resting.length === 1 ? 'it' : 'them'} first.`
  const covered = chains.find(({ path, files }) => files[0] !== path)
  if (covered)
    return `${covered.target} writes to ${covered.files[0]}, a layer above its restored disk, which would be lost. Merge it first.`
  return vm.running
    ? `${vm.name} is ${stateWords(vm.state)}: shut it down before its old disks are put back.`
    : null
}
