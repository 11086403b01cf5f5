import 'server-only'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'

/** Writes an unexpected error with its whole cause chain to the log. @returns the id under which it is found there. */
export function logError(doing: string, error: unknown): string {
  const id = randomBytes(4).toString('hex')
  process.stderr.write(`keyframe: error ${id} in ${doing}: ${inspect(error, { depth: 4 })}\n`)
  return id
}
