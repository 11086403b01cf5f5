import 'server-only'
import { z } from 'zod'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { toView } from './job-rows.ts'
import { dispatch } from './queue.ts'
import { Refusal } from './refusal.ts'
import { sagaOf } from './saga-registry.ts'
import { refuseLocked } from './start-job.ts'

export const WayOutInput = z.object({
  jobId: z.string().min(1),
  act: z.enum(['retry', 'resume', 'undo', 'pause', 'unlimit']),
})

/**
 * Does what a person chose of a job's offers. Retry, Resume and Undo are new runs of the same job, which ask libvirt anew
 * at every step; what is asked of a running job is left for its saga to take. Throws Refusal.
 */
export async function chooseWayOut({ jobId, act }: z.infer<typeof WayOutInput>): Promise<{ jobId: string }> {
  const row = await store()
    .transaction()
    .execute(async (transaction) => {
      const job = await transaction.selectFrom('jobs').selectAll().where('id', '=', jobId).executeTakeFirst()
      if (!job) throw new Refusal('There is no such job.')
      // Two browsers that press the same button: the second finds the offer gone.
      if (!toView(job).offers.some((offer) => offer.act === act))
        throw new Refusal('This can’t be chosen any more: the job went on, or ended, meanwhile.')
      const update = transaction.updateTable('jobs').where('id', '=', jobId)
      if (act === 'pause' || act === 'unlimit')
        return update.set({ request: act, offers: '[]' }).returningAll().executeTakeFirstOrThrow()
      await refuseLocked(transaction, job, JSON.parse(job.locks) as string[])
      return update
        .set({
          run: job.run + 1,
          mode: act === 'undo' ? 'undo' : 'do',
          status: 'queued',
          begun_at_ms: null,
          ended_at_ms: null,
          cancel_requested: 0,
          error: null,
          result: null,
          percent: null,
          note: null,
          offers: '[]',
          version: sagaOf(job.kind)?.version ?? job.version,
        })
        .returningAll()
        .executeTakeFirstOrThrow()
    })
  publish({ type: 'job', job: toView(row) })
  await dispatch()
  return { jobId }
}
