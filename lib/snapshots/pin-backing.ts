import { escapeXml } from '../hosts/xml.ts'

/** A layer as a definition names it. */
export interface PinnedLayer {
  path: string
  format: string
}

const ENTITIES: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
}
const unescape = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|apos);/g, (entity) => ENTITIES[entity]!)

const storeXml = (below: readonly PinnedLayer[]): string =>
  below.reduceRight(
    (inner, { path, format }) =>
      `<backingStore type='file'><format type='${escapeXml(format)}'/><source file='${escapeXml(path)}'/>${inner}</backingStore>`,
    '<backingStore/>',
  )

/**
 * The snapshot's XML in which every disk of its stored definitions says what lies below it; `below` gives the layers below a
 * file, nearest first. A disk that says so already stays to the letter. Without it libvirt 11.3 looks at the images itself when an
 * ancestor is deleted, and dies where it can't: at an empty CD drive for one (LIBVIRT.md, “Snapshots”). Pure.
 */
export function pinBacking(xml: string, below: (path: string) => readonly PinnedLayer[]): string {
  return xml.replace(/<disk [\s\S]*?<\/disk>/g, (disk) => {
    if (!disk.includes('<target ') || disk.includes('<backingStore')) return disk
    const source = /<source [^>]*?file='([^']*)'/.exec(disk)
    return disk.replace('<target ', () => `${storeXml(source ? below(unescape(source[1]!)) : [])}<target `)
  })
}
