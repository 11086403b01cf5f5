import { DISK_XML, sourceName, sourceType, stripBacking } from '../hosts/pin-backing.ts'
import { escapeXml } from '../hosts/xml.ts'

/** A disk as the running VM has it. */
export interface AlignedDisk {
  target: string
  path: string
  format: string
}

/** A domain's XML in which these disks have these files; everything else stays to the letter. Pure. */
export const alignDisks = (xml: string, disks: readonly AlignedDisk[]): string =>
  xml.replace(DISK_XML, (disk) => {
    const now = disks.find(({ target }) => disk.includes(`<target dev='${escapeXml(target)}'`))
    if (!now) return disk
    return stripBacking(disk)
      .replace(/\s*<source [^>]*?(?:\/>|>[\s\S]*?<\/source>)/, '')
      .replace(/^<disk type='[^']*'/, `<disk type='${sourceType(now.path)}'`)
      .replace(/(<driver [^>]*type=')[^']*'/, (_, before: string) => `${before}${escapeXml(now.format)}'`)
      .replace('<target ', () => `<source ${sourceName(now.path)}/><target `)
  })
