import { isConnectionError } from 'node-libvirt'

/** Errors whose message is a sentence for the user: the host is down, the VM went, its QEMU hangs. */
const EXPECTED = new Set(['HostDown', 'VmGone', 'VmHung'])

/** What was read, or why it could not be: one sick part must not take the whole page. */
export async function orSentence<T>(
  reading: Promise<T>,
): Promise<{ value: T; sentence: null } | { value: null; sentence: string }> {
  try {
    return { value: await reading, sentence: null }
  } catch (error) {
    if (error instanceof Error && EXPECTED.has(error.name))
      return { value: null, sentence: `This can’t be read just now: ${error.message}` }
    if (isConnectionError(error))
      return { value: null, sentence: 'This can’t be read just now: libvirt does not answer.' }
    throw error
  }
}
