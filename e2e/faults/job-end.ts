import type { JobAct, JobView } from '../../lib/jobs/types.ts'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'
import type { Fault } from './faults.ts'
import type { Outcome, Scenario } from './scenario.ts'
import type { SubjectProcess } from './subject-process.ts'

/** From the end of the fault. Keyframe looks at a lost host every 10 s at the least. */
export const RECOVERY_LIMIT_MS = 60_000
/** A try that began within the fault may come to its end a little after it. */
const STOPS_WITHIN_MS = 5_000

export type JobEnd = {
  job: JobView
  /** The way out that it was given, where it stopped for one. */
  chosen?: JobAct | undefined
}

/** Of an outcome that only some faults may lead to. */
export const mayFollow = (outcome: Outcome, mayStop: Fault['mayStop']): boolean =>
  outcome.after === undefined || outcome.after === mayStop

/**
 * Follows the job of a case to its end, and mends the fault when its time is over or the job has come to rest. One that stopped for a decision
 * gets the way out with which the scenario lets it end after such a fault, as a person would choose it on the job's page once the reason is
 * gone. Throws when nothing asks for a decision, and when one is not enough.
 */
export async function followToEnd(
  app: SubjectProcess,
  jobId: string,
  fault: Fault | undefined,
  scenario: Scenario,
  mend: () => Promise<void>,
): Promise<JobEnd> {
  const rests = async () => {
    const job = await app.ask('job', { jobId })
    return job !== null && (job.endedAtMs !== null || job.status === 'waiting') ? job : undefined
  }
  const untilRest = (limitMs: number) =>
    waitUntil(rests, { limitMs, everyMs: 200, what: 'The end of the job' })
  let job: JobView | undefined
  if (fault?.lastsMs !== undefined) job = await untilRest(fault.lastsMs).catch(() => undefined)
  await mend()
  const mendedAtMs = Date.now()
  job ??= await untilRest(RECOVERY_LIMIT_MS)
  if (job.endedAtMs !== null) return { job }
  const lateMs = Date.now() - mendedAtMs
  const offer = job.offers.find(({ act }) =>
    scenario.outcomes.some((outcome) => outcome.chosen === act && mayFollow(outcome, fault?.mayStop)),
  )
  if (offer === undefined || lateMs > STOPS_WITHIN_MS)
    throw new Error(
      `the job waits for a decision (${job.offers.map(({ act }) => act).join(', ') || 'it offers none'}) that nothing asks for, ${lateMs} ms after the end of the fault: ${job.error}`,
    )
  await app.ask('choose', { jobId, act: offer.act })
  const end = await untilRest(RECOVERY_LIMIT_MS)
  if (end.endedAtMs === null)
    throw new Error(`the job waits again after “${offer.act}” was chosen: ${end.error}`)
  return { job: end, chosen: offer.act }
}
