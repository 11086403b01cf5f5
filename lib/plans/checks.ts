import type { CheckName, PlanCheck } from './types.ts'

/** A check that either refuses with a sentence or is fine. */
export const refusedIf = (
  name: CheckName,
  refusal: string | null,
  fine: string,
  remedy: string | null = null,
): PlanCheck =>
  refusal === null
    ? { name, verdict: 'ok', sentence: fine, remedy: null }
    : { name, verdict: 'refused', sentence: refusal, remedy }

/** A check that warns, or is fine. */
export const warnedIf = (
  name: CheckName,
  warning: string | null,
  fine: string,
  remedy: string | null = null,
): PlanCheck =>
  warning === null
    ? { name, verdict: 'ok', sentence: fine, remedy: null }
    : { name, verdict: 'warn', sentence: warning, remedy }

/** The first reason why the operation can't be begun, with its remedy; null when it can. */
export function refusalOf(checks: readonly PlanCheck[]): string | null {
  const refused = checks.find((check) => check.verdict === 'refused')
  return refused ? [refused.sentence, refused.remedy].filter((part) => part !== null).join(' ') : null
}

/** QEMU locks what it opens, and nothing in libvirt asks for a lock beforehand. */
export const IMAGE_LOCKS: PlanCheck = {
  name: 'image locks',
  verdict: 'unknown',
  remedy: null,
  sentence:
    'Whether another process holds an image (qemu-img, an NBD server, a VM of another host) can’t be asked. Should one do so, QEMU’s own lock stops the first step, with nothing changed.',
}
