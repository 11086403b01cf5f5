import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { ImageFile } from '../hosts/image-files.ts'
import type { SnapshotDiskMetadata, SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { readSoundLayers, type SoundLayer } from './sound-layers.ts'
import { readTaintedLayers } from './tainted-layers.ts'

/** libvirt's creation time is in whole seconds: a record of the same second counts as later. */
const CREATION_PRECISION_MS = 1_000
/** From libvirt's creation time, taken before the guest is frozen, to the switch to the overlays: until then it may write. */
const SNAPSHOT_LASTS_MS = 15_000

export interface Unproven {
  /** One sentence, ready to show. */
  reason: string
  /** libvirt can't delete it either: only its metadata can go. */
  onlyMetadata: boolean
  /** A person who insists may revert all the same: the files are there, but may hold other data. */
  canInsist: boolean
}

/**
 * Snapshots whose data is known, or must be assumed, to be no longer what they froze, with the reason: a layer that
 * they read was the base of a merge, was written to again (merged by hand), is not there any more, or was changed while
 * nobody looked: a frozen layer's modification time stays at its snapshot's instant whatever the guest writes above it, and
 * jumps when a commit into it begins (lib/hosts/LIBVIRT.md, “Merges”). Copying the file without its times changes it, too, and so does
 * deleting a checkpoint whose bitmap lies in it (measured: taking one, and stopping and starting the VM, do not), which is
 * why this is "unproven" and not "wrong".
 * `snapshots` are all of the VM's; `only` answers for one of them.
 */
export async function unprovenSnapshots(
  host: Host,
  snapshots: readonly SnapshotMetadata[],
  only?: string,
): Promise<Map<string, Unproven>> {
  const [tainted, written, sound] = [
    await readTaintedLayers(host.name),
    await readActiveLayers(host),
    await readSoundLayers(host.name),
  ]
  const unproven = new Map<string, Unproven>()
  const set = (snapshot: SnapshotMetadata, onlyMetadata: boolean, canInsist: boolean, reason: string) =>
    void unproven.set(snapshot.name, { reason, onlyMetadata, canInsist })
  await Promise.all(
    snapshots
      .filter((each) => only === undefined || each.name === only)
      .map(async (snapshot) => {
        const frozenBy = await frozenByMs(host, snapshot)
        for (const disk of snapshot.disks) {
          if (disk.kind !== 'external' || disk.frozenPath === null) continue
          const chain = await walkChain(host.files, disk.frozenPath, disk.frozenFormat)
          const paths = chain.layers.map((layer) => layer.reading.path)
          const changed = paths
            .map((path) => tainted.get(path))
            .find((each) => each !== undefined && snapshot.createdAtMs < each.sinceMs + CREATION_PRECISION_MS)
          const active = await firstWritten(host, paths, written)
          const last = chain.layers.at(-1)?.reading
          const later = chain.layers
            .map((layer) => layer.reading)
            .find(
              (reading): reading is ImageFile =>
                reading.kind === 'found' &&
                reading.modifiedMs !== null &&
                reading.modifiedMs > soundUntil(frozenBy, sound.get(reading.path)),
            )
          const again = refrozenBy(snapshots, snapshot, disk)
          if (last && last.kind !== 'found') set(snapshot, false, false, `${disk.target}: ${last.reason}.`)
          else if (active)
            set(
              snapshot,
              true,
              false,
              `${disk.target}: ${active.path} is written to by ${active.user} now, so it no longer holds what was frozen: its layers were merged by hand. Only the snapshot’s metadata is left to delete.`,
            )
          else if (again)
            set(
              snapshot,
              true,
              false,
              `${disk.target}: ${disk.frozenPath} was written to until the snapshot ${again} froze it again: its layers were merged by hand. Only the snapshot’s metadata is left to delete.`,
            )
          else if (changed) set(snapshot, false, true, `${disk.target}: ${changed.reason}.`)
          else if (later)
            set(
              snapshot,
              false,
              true,
              `${disk.target}: ${later.path} was changed ${when((later.modifiedMs ?? 0) - snapshot.createdAtMs)} after it was frozen, and Keyframe has no record of a finished merge that explains it. A merge into it was begun, by virsh for example, or the file was copied or touched.`,
            )
        }
      }),
  )
  return unproven
}

/**
 * All of a VM's snapshots judged, and which of the layers that they froze are sound: not changed since but by what Keyframe knows
 * of. A merge below such a layer rewrites its header, which must not make it look changed.
 */
export async function judgeSnapshots(
  host: Host,
  snapshots: readonly SnapshotMetadata[],
): Promise<{ unproven: Map<string, Unproven>; sound: string[]; tainted: string[] }> {
  const [unproven, tainted, known] = [
    await unprovenSnapshots(host, snapshots),
    await readTaintedLayers(host.name),
    await readSoundLayers(host.name),
  ]
  const judged = await Promise.all(
    snapshots.map(async (snapshot) => {
      const frozenBy = await frozenByMs(host, snapshot)
      const paths = snapshot.disks.flatMap(({ kind, frozenPath }) =>
        kind === 'external' && frozenPath !== null ? [frozenPath] : [],
      )
      return Promise.all(
        paths.map(async (path) => {
          const reading = await host.files.read(path)
          const isSound =
            reading.kind === 'found' &&
            !tainted.has(path) &&
            (reading.modifiedMs ?? 0) <= soundUntil(frozenBy, known.get(path))
          return { path, isSound }
        }),
      )
    }),
  )
  const layers = judged.flat()
  const unsound = new Set(layers.filter(({ isSound }) => !isSound).map(({ path }) => path))
  return {
    unproven,
    tainted: [...tainted.keys()],
    sound: [...new Set(layers.map(({ path }) => path))].filter((path) => !unsound.has(path)),
  }
}

/** Until when its layers may have been written to: a snapshot with memory saves that first, while the guest goes on. */
async function frozenByMs(
  host: Host,
  snapshot: SnapshotMetadata,
): Promise<{ createdAtMs: number; latestMs: number }> {
  const memory =
    snapshot.memory === 'external' && snapshot.memoryPath !== null
      ? await host.files.read(snapshot.memoryPath)
      : null
  const savedMs = memory?.kind === 'found' ? (memory.modifiedMs ?? 0) : 0
  return {
    createdAtMs: snapshot.createdAtMs,
    latestMs: Math.max(snapshot.createdAtMs, savedMs) + SNAPSHOT_LASTS_MS,
  }
}

/** A record of this snapshot's time or later says exactly how the layer stood; an older one is of before it was written to again. */
const soundUntil = (
  { createdAtMs, latestMs }: { createdAtMs: number; latestMs: number },
  sound: SoundLayer | undefined,
): number => (sound !== undefined && sound.asOfMs >= createdAtMs ? sound.modifiedMs : latestMs)

function when(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} days`
}

/** Two snapshots of one layer: it was merged into and written to between them, which libvirt does not notice. */
function refrozenBy(
  snapshots: readonly SnapshotMetadata[],
  snapshot: SnapshotMetadata,
  disk: SnapshotDiskMetadata,
): string | null {
  const at = (each: SnapshotMetadata) => snapshots.indexOf(each)
  const later = snapshots.find(
    (each) =>
      each !== snapshot &&
      each.disks.some(
        (other) =>
          other.target === disk.target && other.kind === 'external' && other.frozenPath === disk.frozenPath,
      ) &&
      (each.createdAtMs > snapshot.createdAtMs ||
        (each.createdAtMs === snapshot.createdAtMs && at(each) > at(snapshot))),
  )
  return later?.name ?? null
}

interface Writer {
  vmUuid: string
  /** "vda of db" */
  user: string
}

/** Files that a disk of any VM of the host writes to, as far as the list knows. */
async function readActiveLayers(host: Host): Promise<Map<string, Writer>> {
  const vms = await host.inventory.vms()
  return new Map(
    vms.flatMap((vm) =>
      (vm.description?.disks ?? []).flatMap((disk) =>
        disk.path === null || disk.readonly
          ? []
          : [[disk.path, { vmUuid: vm.uuid, user: `${disk.target} of ${vm.name}` }] as const],
      ),
    ),
  )
}

/** The first of these layers that is written to. A snapshot by virsh raises no event, so the list may still show the disk as it was before: asked anew. */
async function firstWritten(
  host: Host,
  paths: readonly string[],
  written: ReadonlyMap<string, Writer>,
): Promise<{ path: string; user: string } | null> {
  for (const path of paths) {
    const writer = written.get(path)
    const vm = writer && (await host.inventory.vmNow(writer.vmUuid))
    if (writer && vm && vm.description?.disks.some((disk) => disk.path === path && !disk.readonly) !== false)
      return { path, user: writer.user }
  }
  return null
}
