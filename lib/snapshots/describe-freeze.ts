import type { FreezeReport } from './types.ts'

type Frozen = Extract<FreezeReport, { frozen: true }>

/** The agent did as it was asked, and the guest has no file system that it can freeze: nothing held still. */
export const frozeNothing = ({ fileSystems, thawError }: Frozen): boolean =>
  fileSystems === 0 && thawError === undefined

/** What was frozen and for how long, or what is known of it when the thaw went wrong, in sentences. */
export function describeFrozen(freeze: Frozen): string {
  const { atMostMs, fileSystems, thawError } = freeze
  if (frozeNothing(freeze)) return 'No file system was frozen: the guest has none mounted that can be.'
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

/** How consistent what was taken is, in sentences: what was frozen, or why nothing was. */
export function describeConsistency(freeze: FreezeReport, taken: 'snapshot' | 'backup'): string {
  if (!freeze.frozen && freeze.vmOff) return 'The VM is off: its disks are as it left them.'
  const said = freeze.frozen ? describeFrozen(freeze) : `The guest was not frozen: ${freeze.reason}`
  if (freeze.frozen && !frozeNothing(freeze)) return said
  return `${said} The ${taken} is crash-consistent: what a power cut would leave.`
}

/** The same as a line of a snapshot's result. */
export const describeFreeze = (freeze: FreezeReport): string => describeConsistency(freeze, 'snapshot')
