import 'server-only'
import { followHeaders, type WalkedChain } from './follow-headers.ts'
import type { ImageFiles } from './image-files.ts'

/** Follows backing files from `path` down, reading each header through the host's volumes. */
export async function walkChain(
  files: ImageFiles,
  path: string,
  format: string | null,
  maximumAgeMs?: number,
): Promise<WalkedChain> {
  const walk = followHeaders(path, format)
  let step = walk.next()
  while (!step.done) step = walk.next(await files.read(step.value, maximumAgeMs))
  return step.value
}
