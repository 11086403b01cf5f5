import 'server-only'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import type { Host } from '../hosts/host.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { judgeSnapshots, type LayerFacts, type Unproven } from './judge-snapshots.ts'
import { readSoundLayers } from './sound-layers.ts'
import { readTaintedLayers } from './tainted-layers.ts'

/** Which of a VM's snapshots are unproven now, and why; by snapshot. Throws HostDown. */
export const readUnproven = async (
  host: Host,
  snapshots: readonly SnapshotMetadata[],
): Promise<Record<string, Unproven>> => judgeSnapshots(await readLayerFacts(host, snapshots))

/** Reads what the judgement of these snapshots, all of a VM's, rests on. `known`: files that were read already. */
export async function readLayerFacts(
  host: Host,
  snapshots: readonly SnapshotMetadata[],
  known: Readonly<Record<string, ImageReading>> = {},
): Promise<LayerFacts> {
  const frozen = await readFrozen(host, snapshots)
  const files = { ...known, ...frozen }
  const [taints, sound, written] = await Promise.all([
    readTaintedLayers(host.name),
    readSoundLayers(host.name),
    readWritten(host, frozen),
  ])
  const isConcerned = ([path]: [string, unknown]) => files[path] !== undefined
  return {
    snapshots,
    files,
    taints: Object.fromEntries([...taints].filter(isConcerned)),
    soundRecords: Object.fromEntries([...sound].filter(isConcerned)),
    written,
  }
}

async function readFrozen(
  host: Host,
  snapshots: readonly SnapshotMetadata[],
): Promise<Record<string, ImageReading>> {
  const readings = await Promise.all([
    ...snapshots.flatMap(({ disks }) =>
      disks.flatMap(({ kind, frozenPath, frozenFormat }) =>
        kind === 'external' && frozenPath !== null
          ? [
              walkChain(host.files, frozenPath, frozenFormat).then(({ layers }) =>
                layers.map(({ reading }) => reading),
              ),
            ]
          : [],
      ),
    ),
    ...snapshots.flatMap(({ memory, memoryPath }) =>
      memory === 'external' && memoryPath !== null
        ? [host.files.read(memoryPath).then((reading) => [reading])]
        : [],
    ),
  ])
  return Object.fromEntries(readings.flat().map((reading) => [reading.path, reading]))
}

/**
 * Which of these files a disk of any VM of the host writes to. A snapshot by virsh raises no event, so the list may still show
 * the disk as it was before: asked once more.
 */
async function readWritten(
  host: Host,
  files: Readonly<Record<string, ImageReading>>,
): Promise<Record<string, string>> {
  const isOurs = ({ path, readonly }: XmlDisk) => path !== null && !readonly && files[path] !== undefined
  const writers = (await host.inventory.vms()).filter((vm) => vm.description?.disks.some(isOurs))
  const now = await Promise.all(writers.map(({ uuid }) => host.inventory.vmNow(uuid)))
  return Object.fromEntries(
    now.flatMap((vm, index) =>
      // One that can't be described counts as it was.
      ((vm?.description ?? (vm && writers[index]!.description))?.disks ?? [])
        .filter(isOurs)
        .map(({ path, target }) => [path!, `${target} of ${vm!.name}`]),
    ),
  )
}
