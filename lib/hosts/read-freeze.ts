import { isLibvirtError, VIR_ERR_AGENT_COMMAND_FAILED, type Domain } from 'node-libvirt'

export type FreezeReading =
  /** `fileSystems`: how many a freeze would take; null where the agent can’t list them. */
  | { state: 'thawed'; fileSystems: number | null }
  | { state: 'frozen' }
  /** The agent answers, but knows no freeze; `words` are its own. */
  | { state: 'no freeze'; words: string }

/** A call to an agent ends with libvirt's own word, which comes a little later than its limit. */
const LATER_MS = 5_000

/**
 * Asks the agent of a running guest whether its file systems are frozen. Rejects with libvirt's error when no agent answers within
 * `waitSeconds`; getFSInfo keeps to the limit that was set with agentSetResponseTimeout.
 */
export async function readFreeze(
  domain: Pick<Domain, 'getFSInfo' | 'qemuAgentCommand'>,
  waitSeconds: number,
): Promise<FreezeReading> {
  const options = { deadlineMs: waitSeconds * 1000 + LATER_MS }
  try {
    // Asked first, for it counts them, and libvirt marks a VM as tainted after a command to its agent that is none of libvirt's own.
    return { state: 'thawed', fileSystems: (await domain.getFSInfo(options)).length }
  } catch (error) {
    if (!isLibvirtError(error, VIR_ERR_AGENT_COMMAND_FAILED)) throw error
  }
  // Why it was refused can't be taken from the text: one that was frozen once says so for ever of a command that it does not allow.
  try {
    const answer = await domain.qemuAgentCommand('{"execute":"guest-fsfreeze-status"}', waitSeconds, options)
    const status = (JSON.parse(answer ?? '{}') as { return?: unknown }).return
    if (status === 'frozen') return { state: 'frozen' }
    if (status === 'thawed') return { state: 'thawed', fileSystems: null }
    return { state: 'no freeze', words: 'its status of the freeze is neither frozen nor thawed' }
  } catch (error) {
    if (!isLibvirtError(error, VIR_ERR_AGENT_COMMAND_FAILED)) throw error
    return { state: 'no freeze', words: error.message }
  }
}
