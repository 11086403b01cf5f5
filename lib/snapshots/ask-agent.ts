import {
  isLibvirtError,
  VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT,
  VIR_ERR_AGENT_COMMAND_FAILED,
  VIR_ERR_AGENT_COMMAND_TIMEOUT,
  VIR_ERR_AGENT_UNRESPONSIVE,
  type Domain,
} from 'node-libvirt'
import { readFreeze } from '../hosts/read-freeze.ts'
import { stateWords } from '../hosts/state-words.ts'
import type { FreezeReport, QuiesceMode } from './types.ts'

/** Seconds an agent may take to freeze before we give up. */
export const AGENT_DEADLINE_SECONDS = 10

export const isAgentError = (error: unknown): error is Error =>
  isLibvirtError(error) &&
  [VIR_ERR_AGENT_UNRESPONSIVE, VIR_ERR_AGENT_COMMAND_TIMEOUT, VIR_ERR_AGENT_COMMAND_FAILED].includes(
    error.code,
  )

/** Why a freeze that was asked for did not come, as the end of a sentence. `error` is one that isAgentError takes. */
export const whyNotFrozen = (error: Error): string =>
  isLibvirtError(error, VIR_ERR_AGENT_COMMAND_FAILED)
    ? `the guest agent did not freeze the file systems (${error.message}).`
    : `the guest agent did not freeze the file systems within ${AGENT_DEADLINE_SECONDS} s (${error.message}).`

/**
 * QUIESCE tells no number of file systems, so they are counted beforehand; null where the agent can’t list them. That also proves the
 * agent alive. Where it answers, libvirt's limit for its calls is AGENT_DEADLINE_SECONDS until it is put back with
 * VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT.
 */
export async function askAgent(
  domain: Domain,
  mode: QuiesceMode,
): Promise<{ fileSystems: number | null } | Extract<FreezeReport, { frozen: false }>> {
  const { state } = await domain.getState()
  if (state === 'shut off')
    return { frozen: false, reason: 'the VM is off, so there is nothing to freeze.', vmOff: true }
  if (mode === 'off') return { frozen: false, reason: 'quiesce was off.' }
  if (state !== 'running')
    return { frozen: false, reason: `the VM is ${stateWords(state)}, so its agent can’t answer.` }
  try {
    await domain.agentSetResponseTimeout(AGENT_DEADLINE_SECONDS)
    const reading = await readFreeze(domain, AGENT_DEADLINE_SECONDS)
    if (reading.state === 'thawed') return { fileSystems: reading.fileSystems }
    await domain.agentSetResponseTimeout(VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT).catch(() => undefined)
    return {
      frozen: false,
      reason:
        reading.state === 'frozen'
          ? 'its file systems are frozen already, by someone else. Thaw them first.'
          : `the guest agent knows no freeze (${reading.words}).`,
    }
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    await domain.agentSetResponseTimeout(VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT).catch(() => undefined)
    if (/not configured/i.test(error.message))
      return { frozen: false, reason: 'the VM has no channel for the QEMU guest agent.' }
    return { frozen: false, reason: `the guest agent does not answer (${error.message}).` }
  }
}
