import type { XmlDisk } from './domain-xml.ts'
import type { ImageFile, ImageReading } from './image-files.ts'

/** Layers that are followed before a chain counts as endless; libvirt itself stops at 200 (VIR_STORAGE_MAX_CHAIN). */
export const CHAIN_LAYERS_MAXIMUM = 200

export interface WalkedLayer {
  reading: ImageReading
  /** Format to read it by: recorded above it (or in the domain's XML); null when nobody recorded one. */
  format: string | null
}

export interface WalkedChain {
  /** Active layer first. */
  layers: WalkedLayer[]
  /** Why the walk did not end at a base. */
  end: 'base' | 'missing' | 'unreadable' | 'loop' | 'too-deep'
}

/**
 * What a disk opens: the layers that its XML names, and below the last of them what the headers say, unless the XML says that
 * nothing lies there. Of a running VM all are named; a VM that is off opens what its definition pins, whatever the headers say
 * (libvirt's knowledge base, “Disk image chains”).
 */
export function* followDisk(disk: XmlDisk): Generator<string, WalkedChain, ImageReading> {
  const [top, ...named] = disk.layers
  if (disk.path === null) return { layers: [], end: 'base' }
  if (top === undefined || !disk.pinsBacking) return yield* followHeaders(disk.path, disk.format)
  const layers: WalkedLayer[] = []
  for (const layer of [{ ...top, path: disk.path, format: disk.format }, ...named]) {
    if (layer.path === null) {
      const reading: ImageReading = {
        kind: 'unreadable',
        path: `(${layer.sourceType} source)`,
        reason: `this layer is of type ${layer.sourceType}, not a file of the host`,
      }
      layers.push({ reading, format: layer.format })
      return { layers, end: 'unreadable' }
    }
    const reading: ImageReading = yield layer.path
    layers.push({ reading, format: layer.format })
  }
  const lost = layers.find(({ reading }) => reading.kind !== 'found')?.reading.kind
  if (lost !== undefined && lost !== 'found') return { layers, end: lost }
  const last = layers.at(-1)!
  if (disk.pinsBase) return { layers, end: 'base' }
  const below = yield* followHeaders(last.reading.path, last.format)
  return { layers: [...layers, ...below.layers.slice(1)], end: below.end }
}

/** Follows backing files from `path` down: asks for one file after the other, and is told what it is. */
export function* followHeaders(
  path: string,
  format: string | null,
): Generator<string, WalkedChain, ImageReading> {
  const layers: WalkedLayer[] = []
  const seen = new Set<string>()
  for (let next: { path: string; format: string | null } | null = { path, format }; next;) {
    if (seen.has(next.path)) return { layers, end: 'loop' }
    if (layers.length >= CHAIN_LAYERS_MAXIMUM) return { layers, end: 'too-deep' }
    seen.add(next.path)
    const reading: ImageReading = yield next.path
    layers.push({ reading, format: next.format })
    if (reading.kind !== 'found') return { layers, end: reading.kind }
    // A raw disk holds whatever its guest wrote: bytes that look like a qcow2 header there must not be followed.
    const backing: ImageFile['backing'] = next.format === 'raw' ? null : reading.backing
    if (backing && backing.path === null) {
      layers.push({
        reading: {
          kind: 'unreadable',
          path: backing.name,
          reason: `${backing.name} is not a file of this host`,
        },
        format: backing.format,
      })
      return { layers, end: 'unreadable' }
    }
    next = backing && backing.path !== null ? { path: backing.path, format: backing.format } : null
  }
  return { layers, end: 'base' }
}

/** The same among files that were read before. A file that was not read counts as unreadable. Pure. */
export function chainIn(
  files: Readonly<Record<string, ImageReading>>,
  path: string,
  format: string | null,
): WalkedChain {
  return among(files, followHeaders(path, format))
}

/** What a disk opens, among files that were read before. Pure. */
export const diskIn = (files: Readonly<Record<string, ImageReading>>, disk: XmlDisk): WalkedChain =>
  among(files, followDisk(disk))

function among(
  files: Readonly<Record<string, ImageReading>>,
  walk: Generator<string, WalkedChain, ImageReading>,
): WalkedChain {
  let step = walk.next()
  while (!step.done) step = walk.next(readingIn(files, step.value))
  return step.value
}

export const readingIn = (files: Readonly<Record<string, ImageReading>>, path: string): ImageReading =>
  files[path] ?? { kind: 'unreadable', path, reason: `${path} was not looked at` }
