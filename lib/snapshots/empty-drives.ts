import { escapeXml } from '../hosts/xml.ts'

/** A drive with what is, or was, in it. */
export interface Medium {
  target: string
  path: string
}

const ofDrive = (disk: string, { target }: Medium): boolean =>
  disk.includes(`<target dev='${escapeXml(target)}'`)

/** Changes the drives of the definitions in a snapshot's XML; everything else stays to the letter. */
const changeDrives = (
  xml: string,
  media: readonly Medium[],
  change: (disk: string, medium: Medium) => string,
): string =>
  xml.replace(/<disk type=[\s\S]*?<\/disk>/g, (disk) => {
    const medium = media.find((each) => ofDrive(disk, each))
    return medium ? change(disk, medium) : disk
  })

/** The drives' own XML wherever a medium is in one, in the order in which the definitions name them. Pure. */
export function fullDrives(xml: string, media: readonly Medium[]): string[] {
  const drives: string[] = []
  changeDrives(xml, media, (disk) => {
    drives.push(disk)
    return disk
  })
  return drives
}

/** The snapshot's XML with these drives empty. Pure. */
export const emptyDrives = (xml: string, media: readonly Medium[]): string =>
  changeDrives(xml, media, (disk) =>
    disk.replace(/\s*<source [^>]*?(?:\/>|>[\s\S]*?<\/source>)/, '').replace(/\s*<backingStore\s*\/>/, ''),
  )

/** The same with each drive as it was, to the letter: what was in one may be a file, a device or a volume. Pure. */
export function fillDrives(xml: string, media: readonly Medium[], full: readonly string[]): string {
  let next = 0
  return changeDrives(xml, media, (disk) => {
    const before = full[next++]
    return disk.includes('<source ') || before === undefined ? disk : before
  })
}
