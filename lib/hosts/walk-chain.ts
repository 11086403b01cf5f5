import 'server-only'
import type { XmlDisk } from './domain-xml.ts'
import { followDisk, followHeaders, type WalkedChain } from './follow-headers.ts'
import type { ImageFiles, ImageReading } from './image-files.ts'

/** Follows backing files from `path` down, reading each header through the host's volumes. */
export const walkChain = (
  files: ImageFiles,
  path: string,
  format: string | null,
  maximumAgeMs?: number,
): Promise<WalkedChain> => drive(files, followHeaders(path, format), maximumAgeMs)

/** What a disk opens: as QEMU has it while the VM runs, and as its next start will while it is off. */
export const walkDisk = (files: ImageFiles, disk: XmlDisk, maximumAgeMs?: number): Promise<WalkedChain> =>
  drive(files, followDisk(disk), maximumAgeMs)

async function drive(
  files: ImageFiles,
  walk: Generator<string, WalkedChain, ImageReading>,
  maximumAgeMs?: number,
): Promise<WalkedChain> {
  let step = walk.next()
  while (!step.done) step = walk.next(await files.read(step.value, maximumAgeMs))
  return step.value
}
