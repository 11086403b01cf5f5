import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { deriveKey } from '../../secrets/derive-key.ts'

/** Lies in the directory of a backup until it is finished: what a failed job may write to, and remove from. */
export const UNFINISHED_FILE = 'keyframe-unfinished.json'
export const UNFINISHED_MAX_BYTES = 4_096

const Mark = z.object({
  format: z.literal('keyframe-unfinished'),
  version: z.literal(1),
  id: z.string(),
  hmac: z.string().regex(/^[0-9a-f]{64}$/),
})

const hmacOf = (targetId: string, id: string) =>
  createHmac('sha256', deriveKey('manifests')).update(['unfinished', targetId, id].join('\0')).digest()

/** The mark's text. */
export const unfinishedMark = (targetId: string, id: string): string =>
  `${JSON.stringify({ format: 'keyframe-unfinished', version: 1, id, hmac: hmacOf(targetId, id).toString('hex') } satisfies z.infer<typeof Mark>)}\n`

/** True when this is the mark that this Keyframe made for this backup: nobody else can, so a link to another directory has none. */
export function isUnfinishedMark(text: string | null, targetId: string, id: string): boolean {
  try {
    const mark = Mark.parse(JSON.parse(text ?? ''))
    return mark.id === id && timingSafeEqual(Buffer.from(mark.hmac, 'hex'), hmacOf(targetId, id))
  } catch {
    return false
  }
}
