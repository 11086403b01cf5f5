import 'server-only'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { walkDisk } from '../hosts/walk-chain.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { ChosenDisk, LeftOutDisk, SourceLayer } from './types.ts'

/** libvirt makes volumes in whole KiB: a disk of another size would come back larger. */
const SIZE_UNIT_BYTES = 1024

/** The disks to back up with the layers they consist of now, and those that are left out with the reason. null = all that can. Throws Refusal. */
export async function chooseDisks(
  host: Host,
  vm: KnownVm,
  wanted: readonly string[] | null,
): Promise<{ disks: ChosenDisk[]; leftOut: LeftOutDisk[] }> {
  const all = vm.description?.disks ?? []
  const unknown = wanted?.find((target) => !all.some((disk) => disk.target === target))
  if (unknown !== undefined)
    throw new Refusal(`${vm.name} has no disk ${unknown}. Reload the page: its disks changed.`, {
      disks: 'Reload the page.',
    })
  const leftOut: LeftOutDisk[] = []
  const disks: ChosenDisk[] = []
  host.files.forget()
  for (const disk of all) {
    if (wanted !== null && !wanted.includes(disk.target)) {
      leftOut.push({ target: disk.target, reason: 'It was not chosen.' })
      continue
    }
    const refusal = snapshotRefusal(disk)
    const chain = refusal === null ? await readLayers(host, disk) : refusal
    const reason = typeof chain === 'string' ? chain : sizeRefusal(chain.virtualBytes)
    if (reason === null && typeof chain !== 'string') disks.push({ target: disk.target, ...chain })
    else if (wanted !== null)
      throw new Refusal(`${disk.target} can’t be part of a backup. ${reason}`, { disks: reason ?? '' })
    else leftOut.push({ target: disk.target, reason: reason ?? '' })
  }
  if (disks.length === 0)
    throw new Refusal(
      wanted === null
        ? `${vm.name} has no disk that can be backed up. ${leftOut.map((each) => `${each.target}: ${each.reason}`).join(' ')}`.trim()
        : 'Nothing is selected: choose at least one disk.',
      { disks: 'Choose at least one disk.' },
    )
  return { disks, leftOut }
}

const sizeRefusal = (bytes: number): string | null =>
  bytes % SIZE_UNIT_BYTES === 0
    ? null
    : `Its size, ${bytes} bytes, is no whole number of KiB, which libvirt can’t make a volume of.`

/** Layers active first, or why they can't be read. */
async function readLayers(
  host: Host,
  disk: XmlDisk,
): Promise<{ virtualBytes: number; allocatedBytes: number; layers: SourceLayer[] } | string> {
  const chain = await walkDisk(host.files, disk, 0)
  if (chain.end !== 'base') {
    const lost = chain.layers.map(({ reading }) => reading).find(({ kind }) => kind !== 'found')
    return lost === undefined || lost.kind === 'found'
      ? `The chain below ${chain.layers.at(-1)?.reading.path ?? disk.target} can’t be followed to its end.`
      : `${lost.reason}.`
  }
  const found = chain.layers.flatMap(({ reading, format: recorded }) =>
    reading.kind === 'found' ? [{ reading, format: recorded ?? reading.detectedFormat }] : [],
  )
  const top = found[0]!
  return {
    virtualBytes: top.format === 'raw' ? top.reading.lengthBytes : top.reading.virtualBytes,
    allocatedBytes: found.reduce((sum, each) => sum + each.reading.allocatedBytes, 0),
    layers: found.map((each) => ({
      path: each.reading.path,
      format: each.format,
      sourceType: each.reading.path.startsWith('/dev/') ? 'block' : 'file',
    })),
  }
}
