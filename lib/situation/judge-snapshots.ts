import type { ImageFile, ImageReading } from '../hosts/image-files.ts'
import { chainIn } from '../hosts/follow-headers.ts'
import type { SnapshotDiskMetadata, SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import type { SoundLayer } from './sound-layers.ts'
import type { TaintedLayer } from './tainted-layers.ts'

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

/** What the judgement of a VM's snapshots rests on. Plain data; all by path. */
export interface LayerFacts {
  /** All of the VM's. */
  snapshots: readonly SnapshotMetadata[]
  files: Readonly<Record<string, ImageReading>>
  /** Layers into which a merge was begun that is not known to have ended well. */
  taints: Readonly<Record<string, TaintedLayer>>
  /** How layers were last known to be sound. */
  soundRecords: Readonly<Record<string, SoundLayer>>
  /** Files that a disk of any VM of the host writes to now: "vda of db". */
  written: Readonly<Record<string, string>>
}

const unproven = (reason: string, onlyMetadata: boolean, canInsist: boolean): Unproven => ({
  reason,
  onlyMetadata,
  canInsist,
})

/**
 * Snapshots whose data is known, or must be assumed, to be no longer what they froze, with the reason: a layer that
 * they read was the base of a merge, was written to again (merged by hand), is not there any more, or was changed while
 * nobody looked: a frozen layer's modification time stays at its snapshot's instant whatever the guest writes above it, and
 * jumps when a commit into it begins (lib/hosts/LIBVIRT.md, “Merges”). Copying the file without its times changes it, too, and so does
 * deleting a checkpoint whose bitmap lies in it (measured: taking one, and stopping and starting the VM, do not), which is
 * why this is "unproven" and not "wrong". Pure; by snapshot.
 */
export function judgeSnapshots(facts: LayerFacts): Record<string, Unproven> {
  return Object.fromEntries(
    facts.snapshots.flatMap((snapshot) => {
      // What speaks against its last disk is told.
      const found = snapshot.disks.flatMap((disk) => judgeDisk(facts, snapshot, disk) ?? []).at(-1)
      return found === undefined ? [] : [[snapshot.name, found]]
    }),
  )
}

function judgeDisk(
  facts: LayerFacts,
  snapshot: SnapshotMetadata,
  disk: SnapshotDiskMetadata,
): Unproven | null {
  if (disk.kind !== 'external' || disk.frozenPath === null) return null
  const chain = chainIn(facts.files, disk.frozenPath, disk.frozenFormat)
  const paths = chain.layers.map((layer) => layer.reading.path)
  const last = chain.layers.at(-1)?.reading
  if (last && last.kind !== 'found') return unproven(`${disk.target}: ${last.reason}.`, false, false)
  const active = paths.find((path) => facts.written[path] !== undefined)
  if (active !== undefined)
    return unproven(
      `${disk.target}: ${active} is written to by ${facts.written[active]} now, so it no longer holds what was frozen: its layers were merged by hand. Only the snapshot’s metadata is left to delete.`,
      true,
      false,
    )
  const again = refrozenBy(facts.snapshots, snapshot, disk)
  if (again !== null)
    return unproven(
      `${disk.target}: ${disk.frozenPath} was written to until the snapshot ${again} froze it again: its layers were merged by hand. Only the snapshot’s metadata is left to delete.`,
      true,
      false,
    )
  const changed = paths
    .map((path) => facts.taints[path])
    .find((each) => each !== undefined && snapshot.createdAtMs < each.sinceMs + CREATION_PRECISION_MS)
  if (changed) return unproven(`${disk.target}: ${changed.reason}.`, false, true)
  const frozenBy = frozenByMs(facts, snapshot)
  const later = chain.layers
    .map((layer) => layer.reading)
    .find(
      (reading): reading is ImageFile =>
        reading.kind === 'found' &&
        reading.modifiedMs !== null &&
        reading.modifiedMs > soundUntil(frozenBy, facts.soundRecords[reading.path]),
    )
  return later
    ? unproven(
        `${disk.target}: ${later.path} was changed ${when((later.modifiedMs ?? 0) - snapshot.createdAtMs)} after it was frozen, and Keyframe has no record of a finished merge that explains it. A merge into it was begun, by virsh for example, or the file was copied or touched.`,
        false,
        true,
      )
    : null
}

/**
 * Frozen layers that are sound: not changed since but by what Keyframe knows of. A merge below such a layer rewrites its header,
 * which must not make it look changed. Pure.
 */
export function soundLayers(facts: LayerFacts): string[] {
  const layers = facts.snapshots.flatMap((snapshot) => {
    const frozenBy = frozenByMs(facts, snapshot)
    return snapshot.disks.flatMap(({ kind, frozenPath: path }) => {
      if (kind !== 'external' || path === null) return []
      const reading = facts.files[path]
      const isSound =
        reading?.kind === 'found' &&
        facts.taints[path] === undefined &&
        (reading.modifiedMs ?? 0) <= soundUntil(frozenBy, facts.soundRecords[path])
      return [{ path, isSound }]
    })
  })
  const unsound = new Set(layers.filter(({ isSound }) => !isSound).map(({ path }) => path))
  return [...new Set(layers.map(({ path }) => path))].filter((path) => !unsound.has(path))
}

/** Until when its layers may have been written to: a snapshot with memory saves that first, while the guest goes on. */
function frozenByMs(
  { files }: LayerFacts,
  snapshot: SnapshotMetadata,
): { createdAtMs: number; latestMs: number } {
  const memory =
    snapshot.memory === 'external' && snapshot.memoryPath !== null ? files[snapshot.memoryPath] : null
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
