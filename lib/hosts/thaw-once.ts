import { isLibvirtError, type Domain } from 'node-libvirt'

const THAW_CALL_DEADLINE_MS = 15_000

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
    await domain.fsThaw([], { deadlineMs: THAW_CALL_DEADLINE_MS })
    // A freeze waiting in the agent's queue may come after the thaw: only an answer to another call proves that there is none.
    await domain.getFSInfo({ deadlineMs: THAW_CALL_DEADLINE_MS })
    return true
  } catch (error) {
    if (isLibvirtError(error)) return false
    throw error
  }
}
