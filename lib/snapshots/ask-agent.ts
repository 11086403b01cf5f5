import {
  isLibvirtError,
  VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT,
  VIR_ERR_AGENT_COMMAND_FAILED,
  VIR_ERR_AGENT_COMMAND_TIMEOUT,
  VIR_ERR_AGENT_UNRESPONSIVE,
  type Domain,
} from 'node-libvirt'
import type { QuiesceMode } from './types.ts'

/** Seconds an agent may take to freeze before we give up. */
export const AGENT_DEADLINE_SECONDS = 10

export const isAgentError = (error: unknown): error is Error =>
  isLibvirtError(error) &&
  [VIR_ERR_AGENT_UNRESPONSIVE, VIR_ERR_AGENT_COMMAND_TIMEOUT, VIR_ERR_AGENT_COMMAND_FAILED].includes(
    error.code,
  )

/**
 * QUIESCE tells no number of file systems, so they are counted beforehand; that also proves the agent alive. Where it answers, libvirt's
 * limit for its calls is AGENT_DEADLINE_SECONDS until it is put back with VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT.
 */
export async function askAgent(
  domain: Domain,
  mode: QuiesceMode,
): Promise<{ fileSystems: number } | { frozen: false; reason: string }> {
  if (mode === 'off') return { frozen: false, reason: 'quiesce was off.' }
  const { state } = await domain.getState()
  if (state === 'shut off') return { frozen: false, reason: 'the VM is off, so there is nothing to freeze.' }
  if (state !== 'running') return { frozen: false, reason: `the VM is ${state}, so its agent can’t answer.` }
  try {
    await domain.agentSetResponseTimeout(AGENT_DEADLINE_SECONDS)
    return {
      fileSystems: (await domain.getFSInfo({ deadlineMs: (AGENT_DEADLINE_SECONDS + 5) * 1000 })).length,
    }
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    await domain.agentSetResponseTimeout(VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT).catch(() => undefined)
    if (/frozen/i.test(error.message))
      return {
        frozen: false,
        reason: 'its file systems are frozen already, by someone else. Thaw them first.',
      }
    if (/not configured/i.test(error.message))
      return { frozen: false, reason: 'the VM has no channel for the QEMU guest agent.' }
    return { frozen: false, reason: `the guest agent does not answer (${error.message}).` }
  }
}
