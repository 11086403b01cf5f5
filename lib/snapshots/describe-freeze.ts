import type { FreezeReport } from './types.ts'

/** What was frozen and for how long, or what is known of it when the thaw went wrong, in sentences. */
export function describeFrozen({
  atMostMs,
  fileSystems,
  thawError,
}: Extract<FreezeReport, { frozen: true }>): string {
  const count =
    fileSystems === null
      ? 'how many file systems is not known'
      : `${fileSystems} file ${fileSystems === 1 ? 'system' : 'systems'}`
  // How long it was frozen is not known then: the thaw may have come before the error, or comes after it.
  if (thawError !== undefined)
    return `The guest was frozen (${count}) while its disks were caught. At the thaw its agent reported: ${thawError}. Keyframe thaws until nothing is frozen; look at the hooks of the agent in the guest.`
  return fileSystems === null
    ? `The guest was frozen for at most ${atMostMs} ms, and is thawed; ${count}.`
    : `The guest was frozen for at most ${atMostMs} ms, ${count}, and is thawed.`
}

/** What was frozen, or why nothing was, as a line of the result. */
export function describeFreeze(freeze: FreezeReport): string {
  return freeze.frozen
    ? describeFrozen(freeze)
    : `The guest was not frozen: ${freeze.reason} The snapshot is crash-consistent: what a power cut would leave.`
}
