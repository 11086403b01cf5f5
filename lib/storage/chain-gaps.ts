import { isOnNetwork } from '../hosts/backing-name.ts'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import { CHAIN_LAYERS_MAXIMUM, type WalkedChain } from '../hosts/follow-headers.ts'
import { describeUse } from './describe-use.ts'
import type { Use } from './types.ts'

/** With its host, for a gap may be read on a page of another one. */
const nameOf = (use: Use): string => describeUse(use, '')

const wayOut = (use: Use): string =>
  use.snapshot === null
    ? `take the disk ${use.target ?? ''} out of the definition of ${use.vmName}`
    : `delete the snapshot ${use.snapshot} of ${use.vmName}`

/** Volumes of the disk, below it as well, that libvirt can't find: each may be any file. A sentence each. Pure. */
export function volumeGaps(disk: XmlDisk, use: Use): string[] {
  const unknown = [disk, ...disk.layers].flatMap(({ path, volume }) =>
    path === null && volume !== null ? [volume] : [],
  )
  const sentences = unknown.map(
    ({ name, pool }) =>
      `${nameOf(use)} needs the volume ${name} of the pool ${pool}, which libvirt can’t find. Define and start the pool again, or ${wayOut(use)}.`,
  )
  return [...new Set(sentences)]
}

/**
 * What may lie below the last layer that could be read, a sentence; null where that is known. A loop was seen whole, and a raw file
 * has nothing below it. What the XML names below a file is known without the file; what is on the network is no file of a host. Pure.
 */
export function gapBelow(disk: XmlDisk, chain: WalkedChain, use: Use): string | null {
  if (chain.end === 'base' || chain.end === 'loop') return null
  const last = chain.layers.at(-1)
  if (last === undefined) return null
  const { path } = last.reading
  if (chain.end === 'too-deep')
    return `${nameOf(use)} has more than ${CHAIN_LAYERS_MAXIMUM} layers, and nobody knows which files lie below ${path}. Pull or merge some of them, or ${wayOut(use)}.`
  if (last.format === 'raw' || isOnNetwork(path)) return null
  const position = disk.layers.findIndex((layer) => layer.path === path)
  if (position >= 0 && (disk.pinsBase || position < disk.layers.length - 1)) return null
  return chain.end === 'missing'
    ? `${nameOf(use)} needs ${path}, which is not there, so nobody knows which files lie below it. Put the file back, or ${wayOut(use)}.`
    : `${nameOf(use)} needs ${path}, which can’t be read, so nobody knows which files lie below it (${last.reading.kind === 'found' ? 'unknown' : last.reading.reason}). Let libvirt read it, or ${wayOut(use)}.`
}
