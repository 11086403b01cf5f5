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

/** The snapshot's XML with these drives empty. Pure. */
export const emptyDrives = (xml: string, media: readonly Medium[]): string =>
  changeDrives(xml, media, (disk) =>
    disk.replace(/\s*<source [^>]*?(?:\/>|>[\s\S]*?<\/source>)/, '').replace(/\s*<backingStore\s*\/>/, ''),
  )

/** The same with the media in them again. Pure. */
export const fillDrives = (xml: string, media: readonly Medium[]): string =>
  changeDrives(xml, media, (disk, { path }) =>
    disk.includes('<source ')
      ? disk
      : disk.replace('<target ', () => `<source file='${escapeXml(path)}'/><backingStore/><target `),
  )
