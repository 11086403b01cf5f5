import { isLibvirtError, VIR_ERR_AGENT_COMMAND_FAILED, type Domain } from 'node-libvirt'
import { readFreeze } from './read-freeze.ts'

const THAW_CALL_DEADLINE_MS = 15_000
const STATUS_WAIT_SECONDS = 10

/** States in which there is no guest that could be frozen. */
const OFF = ['shut off', 'crashed']

/**
 * Thaws a running guest. A paused one can't be asked: what it was about to freeze it freezes when it goes on, so that
 * it counts as thawed only when it was seen running.
 */
export async function freezeNow(domain: Domain): Promise<'thawed' | 'frozen' | 'paused'> {
  const { state } = await domain.getState()
  if (OFF.includes(state)) return 'thawed'
  if (state !== 'running' && state !== 'blocked') return 'paused'
  return (await thawOnce(domain)) ? 'thawed' : 'frozen'
}

/** Thaws once and asks whether it worked. True when the agent says that nothing is frozen. */
export async function thawOnce(domain: Domain): Promise<boolean> {
  try {
    await domain.fsThaw([], { deadlineMs: THAW_CALL_DEADLINE_MS }).catch((error: unknown) => {
      // The agent's own error can be that of a hook, which runs after the thaw: what counts is what it says next.
      if (!isLibvirtError(error, VIR_ERR_AGENT_COMMAND_FAILED)) throw error
    })
    // A freeze waiting in the agent's queue may come after the thaw: only an answer to another call proves that there is none.
    return (await readFreeze(domain, STATUS_WAIT_SECONDS)).state !== 'frozen'
  } catch (error) {
    if (isLibvirtError(error)) return false
    throw error
  }
}
