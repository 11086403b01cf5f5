import 'server-only'
import { reachBoundary } from './boundaries.ts'
import type { StepApi } from './engine-step.ts'
import { store } from '../store/store.ts'
import { recordDifferences } from './record-differences.ts'
import { updateJob } from './job-rows.ts'
import { keepForJob } from './keep-for-job.ts'
import type { SagaContext } from './saga.ts'
import { recordStep } from './step-log.ts'
import type { JobKind } from './types.ts'

/** ms between two attempts of a step whose host is unreachable. */
const UNREACHABLE_RETRY_MS = 1_000

/** One run of a job. */
export interface Run<Input> {
  jobId: string
  input: Input
  run: number
  mode: 'do' | 'undo'
}

/** What is over in no time is not waited for as long as what takes hours. */
const FIRST_WAIT_MS = 20

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** What one run of a saga works with. */
export function makeContext<Input>(
  kind: JobKind,
  { jobId, input, run, mode }: Run<Input>,
  waitedMs: number,
  step: StepApi,
  isUnreachable: (error: unknown) => boolean,
): SagaContext<Input> {
  const untilReachable = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (!isUnreachable(error)) throw error
        await updateJob(jobId, { note: `Waiting for the host: ${(error as Error).message}` })
        await sleep(UNREACHABLE_RETRY_MS)
      }
    }
  }
  const readKept = async () =>
    JSON.parse(
      (await store().selectFrom('jobs').select('kept').where('id', '=', jobId).executeTakeFirst())?.kept ??
        '{}',
    ) as Record<string, unknown>
  const rowOf = () =>
    store()
      .selectFrom('jobs')
      .select(['cancel_requested', 'request'])
      .where('id', '=', jobId)
      .executeTakeFirst()
  return {
    jobId,
    input,
    run,
    waitedMs,
    async step(name, { isDone, do: act }) {
      // One attempt in the engine: a refusal must not be repeated, and what is worth repeating is repeated here.
      const { value } = await step.run({ name, retryPolicy: { maximumAttempts: 1 } }, async () => {
        const record = await recordStep({ id: jobId, run, mode }, name)
        try {
          return await untilReachable(async () => {
            const found = isDone ? await isDone() : null
            if (found === null) await reachBoundary({ jobId, kind, step: name, at: 'before' })
            const result = found ?? (await act(record.call))
            if (found === null) await reachBoundary({ jobId, kind, step: name, at: 'acted' })
            await record.end(found === null ? 'done' : 'found', result)
            return { value: result }
          })
        } catch (error) {
          await record.end('failed', error instanceof Error ? error.message : error)
          throw error
        }
      })
      await reachBoundary({ jobId, kind, step: name, at: 'recorded' })
      return value
    },
    async kept(key) {
      return (await readKept())[key]
    },
    async keep(key, value) {
      await keepForJob(jobId, key, value)
    },
    async progress(percent, note) {
      await updateJob(jobId, { percent, note, status: 'running' })
    },
    async allowCancel(allowed) {
      await updateJob(jobId, { can_cancel: allowed ? 1 : 0 })
    },
    async cancelRequested() {
      return (await rowOf())?.cancel_requested === 1
    },
    async offer(offers) {
      await updateJob(jobId, { offers: JSON.stringify(offers) })
    },
    async takeRequest() {
      const request = (await rowOf())?.request ?? null
      if (request !== null) await updateJob(jobId, { request: null })
      return request
    },
    async differ(sentences) {
      await recordDifferences(jobId, run, sentences)
    },
    async copied(bytes) {
      await updateJob(jobId, { copied_bytes: Math.round(bytes) })
    },
    async waitFor(name, look, everyMs = 0) {
      await reachBoundary({ jobId, kind, step: name, at: 'waiting' })
      for (let waitMs = Math.min(FIRST_WAIT_MS, everyMs); ; waitMs = Math.min(waitMs * 2, everyMs)) {
        const found = await untilReachable(look)
        if (found !== null) return found
        await sleep(waitMs)
      }
    },
  }
}
