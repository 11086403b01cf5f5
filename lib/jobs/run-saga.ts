import 'server-only'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import type { StepApi } from './engine-step.ts'
import { store } from '../store/store.ts'
import { reachBoundary } from './boundaries.ts'
import { updateJob } from './job-rows.ts'
import { isRefusal } from './refusal.ts'
import { isJobCancelled, type Saga, type SagaContext } from './saga.ts'
import type { JobKind } from './types.ts'

/** ms between two attempts of a step whose host is unreachable. */
const UNREACHABLE_RETRY_MS = 1_000

/** What the engine can't know of the errors that sagas meet. */
export interface JobErrors {
  /** True when the host could not be asked: the step then waits instead of failing. */
  isUnreachable(error: unknown): boolean
  /** The sentence of an error that is meant for users, or null. */
  sentenceOf(error: unknown): string | null
}

/** Runs one saga for its job's row: what it throws ends the job, never the engine's run. */
export async function runSaga<Input>(saga: Saga<Input>, jobId: string, input: Input, step: StepApi, errors: JobErrors): Promise<void> {
  const context = makeContext(saga.kind, jobId, input, step, errors.isUnreachable)
  await updateJob(jobId, { status: 'running' })
  try {
    const result = await saga.run(context)
    await end(jobId, { status: 'succeeded', result: JSON.stringify(result), percent: 100, note: null })
  } catch (error) {
    const cause = rootCause(error)
    if (isJobCancelled(cause)) await end(jobId, { status: 'cancelled', result: JSON.stringify([cause.message]), note: null })
    else await end(jobId, { status: 'failed', error: isRefusal(cause) ? cause.message : (errors.sentenceOf(cause) ?? unknownError(saga.kind, cause)), note: null })
  }
}

/** A message that nobody wrote for users goes to the log, not to the page. */
function unknownError(kind: string, error: unknown): string {
  const id = randomBytes(4).toString('hex')
  process.stderr.write(`keyframe: error ${id} in the job ${kind}: ${inspect(error, { depth: 4 })}\n`)
  return `This did not work, for a reason that Keyframe does not know. The log tells more under ${id}. Look at the chain before you try again.`
}

async function end(jobId: string, change: Parameters<typeof updateJob>[1]): Promise<void> {
  await updateJob(jobId, { ...change, ended_at_ms: Date.now(), can_cancel: 0 })
}

/** The engine wraps what a step threw. */
function rootCause(error: unknown): unknown {
  return error instanceof Error && error.name === 'StepError' && error.cause !== undefined ? error.cause : error
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

function makeContext<Input>(kind: JobKind, jobId: string, input: Input, step: StepApi, isUnreachable: (error: unknown) => boolean): SagaContext<Input> {
  const untilReachable = async <T>(run: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await run()
      } catch (error) {
        if (!isUnreachable(error)) throw error
        await updateJob(jobId, { note: `Waiting for the host: ${(error as Error).message}` })
        await sleep(UNREACHABLE_RETRY_MS)
      }
    }
  }
  return {
    jobId, input,
    async step(name, { isDone, do: act }) {
      // One attempt in the engine: a refusal must not be repeated, and what is worth repeating is repeated here.
      const { value } = await step.run({ name, retryPolicy: { maximumAttempts: 1 } }, () => untilReachable(async () => {
        const done = isDone ? await isDone() : null
        if (done !== null) return { value: done }
        await reachBoundary({ jobId, kind, step: name, at: 'before' })
        const acted = await act()
        await reachBoundary({ jobId, kind, step: name, at: 'acted' })
        return { value: acted }
      }))
      await reachBoundary({ jobId, kind, step: name, at: 'recorded' })
      return value
    },
    async progress(percent, note) {
      await updateJob(jobId, { percent, note, status: 'running' })
    },
    async allowCancel(allowed) {
      await updateJob(jobId, { can_cancel: allowed ? 1 : 0 })
    },
    async cancelRequested() {
      const row = await store().selectFrom('jobs').select('cancel_requested').where('id', '=', jobId).executeTakeFirst()
      return row?.cancel_requested === 1
    },
    async waitFor(name, look, everyMs) {
      await reachBoundary({ jobId, kind, step: name, at: 'waiting' })
      for (;;) {
        const found = await untilReachable(look)
        if (found !== null) return found
        await sleep(everyMs)
      }
    },
  }
}
