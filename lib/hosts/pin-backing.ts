import { unescapeXml } from './xml-paths.ts'
import { escapeXml } from './xml.ts'

/** A layer as a definition names it. */
export interface PinnedLayer {
  path: string
  format: string
}

/** A disk of a definition, or one of a snapshot that names its overlay; not `<disk …/>`, else it would reach into the next one. */
export const DISK_XML = /<disk (?:[^>]*[^/>])?>[\s\S]*?<\/disk>/g

/**
 * Whether libvirt has to be told that this is a block device, which QEMU opens by another driver than a file. By its name: a pool
 * on /dev calls such a volume a file, too (measured).
 */
const isBlock = (path: string): boolean => /^\/dev\/(?!shm\/)/.test(path)

export const sourceType = (path: string): 'block' | 'file' => (isBlock(path) ? 'block' : 'file')
/** How a source names it. */
export const sourceName = (path: string): string => `${isBlock(path) ? 'dev' : 'file'}='${escapeXml(path)}'`

const storeXml = (below: readonly PinnedLayer[]): string =>
  below.reduceRight(
    (inner, { path, format }) =>
      `<backingStore type='${sourceType(path)}'><format type='${escapeXml(format)}'/><source ${sourceName(path)}/>${inner}</backingStore>`,
    '<backingStore/>',
  )

/**
 * The snapshot's XML in which every disk of its stored definitions says what lies below it; `below` gives the layers below a
 * file, nearest first, and null where they are not known: such a disk must not come to say that nothing does, or the guest would
 * see zeros. A disk that says so already stays to the letter. Without it libvirt 11.3 looks at the images itself when an
 * ancestor is deleted, and dies where it can't: at an empty CD drive for one (LIBVIRT.md, “Snapshots”). Pure.
 */
export function pinBacking(xml: string, below: LayersBelow): string {
  return xml.replace(DISK_XML, (disk) => {
    if (!disk.includes('<target ') || disk.includes('<backingStore')) return disk
    const layers = belowDisk(disk, below)
    return layers === null ? disk : disk.replace('<target ', () => `${storeXml(layers)}<target `)
  })
}

export type LayersBelow = (path: string) => readonly PinnedLayer[] | null

/** Nothing lies below an empty drive; of a volume or a network disk nobody knows here. */
function belowDisk(disk: string, below: LayersBelow): readonly PinnedLayer[] | null {
  if (!disk.includes('<source ')) return []
  const source = /<source [^>]*?\b(?:file|dev)='([^']*)'/.exec(disk)
  return source === null ? null : below(unescapeXml(source[1]!))
}

/** One disk's XML without what it says of the layers below it. Pure. */
export function stripBacking(disk: string): string {
  const start = disk.indexOf('<backingStore')
  const end = disk.lastIndexOf('</backingStore>')
  if (start === -1) return disk
  return end > start
    ? disk.slice(0, start) + disk.slice(end + '</backingStore>'.length)
    : disk.replace(/\s*<backingStore\s*\/>/g, '')
}

/** The snapshot's XML in which no disk names one of these files as a layer below it: such a disk names what lies there now. Pure. */
export const repinBacking = (xml: string, gone: readonly string[], below: LayersBelow): string =>
  pinBacking(
    xml.replace(DISK_XML, (disk) => {
      const stores = disk.slice(disk.indexOf('<backingStore'))
      return disk.includes('<backingStore') && gone.some((path) => stores.includes(sourceName(path)))
        ? stripBacking(disk)
        : disk
    }),
    below,
  )
