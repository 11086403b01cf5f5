import 'server-only'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import type { StepApi } from './engine-step.ts'
import { store } from '../store/store.ts'
import { updateJob } from './job-rows.ts'
import { dispatch } from './queue.ts'
import { isRefusal } from './refusal.ts'
import { rootCause } from './root-cause.ts'
import { isJobCancelled, isJobStopped, type Saga } from './saga.ts'
import { makeContext, type Run } from './saga-context.ts'
import type { JobOffer } from './types.ts'

/** What the engine can't know of the errors that sagas meet. */
export interface JobErrors {
  /** True when the host could not be asked: the step then waits instead of failing. */
  isUnreachable(error: unknown): boolean
  /** The sentence of an error that is meant for users, or null. */
  sentenceOf(error: unknown): string | null
}

const WRITE_RETRY_MS = 5_000
const RETRY: JobOffer = {
  act: 'retry',
  sentence: 'Begins again where things stand now: every step first asks libvirt whether it is done.',
}

/** Runs one saga for its job's row: what it throws ends the job, never the engine's run. */
export async function runSaga<Input>(
  saga: Saga<Input>,
  run: Run<Input>,
  step: StepApi,
  errors: JobErrors,
): Promise<void> {
  const { jobId, mode } = run
  const row = await store()
    .selectFrom('jobs')
    .select(['created_at_ms', 'begun_at_ms'])
    .where('id', '=', jobId)
    .executeTakeFirst()
  const context = makeContext(
    saga.kind,
    run,
    (row?.begun_at_ms ?? 0) - (row?.created_at_ms ?? 0),
    step,
    errors.isUnreachable,
  )
  await updateJob(jobId, { status: 'running', offers: '[]', request: null })
  try {
    const result = await (mode === 'undo' ? saga.undo!(context) : saga.run(context))
    // An undone job did not do what it was begun for.
    if (mode === 'undo') await end(jobId, { status: 'cancelled', result: JSON.stringify(result), note: null })
    else await end(jobId, { status: 'succeeded', result: JSON.stringify(result), percent: 100, note: null })
  } catch (error) {
    const cause = rootCause(error)
    if (isJobStopped(cause)) await stop(jobId, cause.message, [...cause.offers])
    else if (isJobCancelled(cause))
      await end(jobId, {
        status: 'cancelled',
        result: JSON.stringify([cause.message]),
        note: null,
        offers: JSON.stringify(saga.canRetry === false ? [] : [RETRY]),
      })
    else
      await end(jobId, {
        status: 'failed',
        error: isRefusal(cause)
          ? cause.message
          : (errors.sentenceOf(cause) ?? unknownError(saga.kind, cause)),
        note: null,
        offers: JSON.stringify(isChangedPlan(cause) ? [] : await waysOut(saga, run)),
      })
  }
  await dispatch()
}

/** To begin again would be to do what nobody was shown. */
const isChangedPlan = (error: unknown) => isRefusal(error) && 'plan' in error.fields

async function waysOut<Input>(saga: Saga<Input>, { input, mode }: Run<Input>): Promise<JobOffer[]> {
  // Asked of a host that may be away: then only what needs no answer is offered.
  const undo = await saga.offerUndo?.(input).catch(() => null)
  return [
    ...(mode === 'do' && saga.canRetry !== false ? [RETRY] : []),
    ...(saga.undo && undo ? [{ act: 'undo', sentence: undo } as const] : []),
  ]
}

/** A message that nobody wrote for users goes to the log, not to the page. */
function unknownError(kind: string, error: unknown): string {
  const id = randomBytes(4).toString('hex')
  process.stderr.write(`keyframe: error ${id} in the job ${kind}: ${inspect(error, { depth: 4 })}\n`)
  return `This did not work, for a reason that Keyframe does not know. The log tells more under ${id}. Look at the chain before you try again.`
}

/** It keeps its locks: what stands there is half done. */
const stop = (jobId: string, sentence: string, offers: JobOffer[]) =>
  untilWritten(jobId, {
    status: 'waiting',
    error: sentence,
    note: null,
    offers: JSON.stringify(offers),
    can_cancel: 0,
  })

async function end(jobId: string, change: Parameters<typeof updateJob>[1]): Promise<void> {
  await untilWritten(jobId, {
    offers: '[]',
    ...change,
    ended_at_ms: Date.now(),
    can_cancel: 0,
    request: null,
  })
}

/** A full disk must not leave a job without its end: it is written as soon as it can be. */
async function untilWritten(jobId: string, change: Parameters<typeof updateJob>[1]): Promise<void> {
  for (;;) {
    try {
      return await updateJob(jobId, change)
    } catch (error) {
      process.stderr.write(
        `keyframe: the end of the job ${jobId} can't be written yet: ${(error as Error).message}\n`,
      )
      await new Promise((resolve) => setTimeout(resolve, WRITE_RETRY_MS))
    }
  }
}
