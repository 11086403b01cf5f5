import type { FreezeReport } from './types.ts'

/** What was frozen, or why nothing was, as a line of the result. */
export function describeFreeze(freeze: FreezeReport): string {
  if (!freeze.frozen)
    return `The guest was not frozen: ${freeze.reason} The snapshot is crash-consistent: what a power cut would leave.`
  return `The guest was frozen for at most ${freeze.atMostMs} ms, ${freeze.fileSystems} file ${freeze.fileSystems === 1 ? 'system' : 'systems'}, and is thawed.`
}
