import 'server-only'
import { perProcess } from '../server/per-process.ts'
import { settings } from '../settings/settings.ts'
import { store } from '../store/store.ts'
import { engine, wakeWorker } from './engine.ts'
import { updateJob } from './job-rows.ts'
import { copyingKinds } from './saga-registry.ts'

// One dispatch at a time: two that look at once would both see the same free place.
const shared = perProcess<{ dispatch?: Promise<void> }>('jobs/queue', () => ({}))

export const runKey = (job: { id: string; run: number }): string => `${job.id}:${job.run}`

/** Gives a recorded job to the engine; its id and run as key make it the same run when given twice. */
export async function enqueue(job: {
  id: string
  kind: string
  version: string
  run: number
  mode: string
  input: string
}): Promise<void> {
  await engine().workflows.runWorkflow(
    { name: job.kind, version: job.version },
    { jobId: job.id, run: job.run, mode: job.mode, input: JSON.parse(job.input) as object },
    { idempotencyKey: runKey(job) },
  )
  await wakeWorker()
}

/** Begins the jobs that may begin now, oldest first, and tells the others their place. */
export function dispatch(): Promise<void> {
  const next = (shared.dispatch ?? Promise.resolve()).then(dispatchOnce)
  shared.dispatch = next.catch(() => undefined)
  return next
}

async function dispatchOnce(): Promise<void> {
  const limit = settings().jobsPerHost
  const queued = await store()
    .selectFrom('jobs')
    .selectAll()
    .where('status', '=', 'queued')
    .where('begun_at_ms', 'is', null)
    .orderBy('created_at_ms')
    .orderBy('id')
    .execute()
  for (const host of new Set(queued.map((row) => row.host))) {
    const { count } = await store()
      .selectFrom('jobs')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('host', '=', host)
      .where('kind', 'in', copyingKinds())
      .where('status', 'in', ['queued', 'running'])
      .where('begun_at_ms', 'is not', null)
      .executeTakeFirstOrThrow()
    let free = limit - count
    let place = 0
    for (const row of queued.filter((each) => each.host === host)) {
      // What was begun once does not wait again: a mirror may be running, and an undo must not stand behind merges.
      const waits = copyingKinds().includes(row.kind) && row.run === 1
      if (!waits || free > 0) {
        if (waits) free--
        await updateJob(row.id, { begun_at_ms: Date.now(), note: null, can_cancel: 0 })
        await enqueue(row).catch(async (error: unknown) => {
          await updateJob(row.id, { begun_at_ms: null })
          throw error
        })
      } else {
        place++
        await updateJob(row.id, {
          can_cancel: 1,
          note: `In the queue of ${host}, place ${place}: ${limit} jobs that copy run there at once`,
        })
      }
    }
  }
}
