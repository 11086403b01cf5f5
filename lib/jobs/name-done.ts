import { isRefusal, Refusal } from './refusal.ts'
import { rootCause } from './root-cause.ts'
import { isJobCancelled, JobCancelled } from './saga.ts'

/**
 * One of a series of acts: where it fails or is cancelled, the sentence says first what of the series was done before. `done`: a
 * sentence, or null for the first. Any other error goes through as it is.
 */
export async function nameDone<T>(done: string | null, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const cause = rootCause(error)
    if (done === null) throw error
    if (isRefusal(cause)) throw new Refusal(`${done} ${cause.message}`, cause.fields)
    if (isJobCancelled(cause)) throw new JobCancelled(`${done} ${cause.message}`)
    throw error
  }
}
