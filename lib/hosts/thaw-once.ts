import { isLibvirtError, type Domain } from 'node-libvirt'

const THAW_CALL_DEADLINE_MS = 15_000

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
