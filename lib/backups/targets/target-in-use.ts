import 'server-only'
import type { Kysely } from 'kysely'
import { UNFINISHED } from '../../jobs/job-rows.ts'
import { Refusal } from '../../jobs/refusal.ts'
import type { Schema } from '../../store/schema.ts'
import type { Target } from './targets.ts'

/** Throws Refusal while a job works with the target. */
export async function refuseTargetInUse(db: Kysely<Schema>, target: Target): Promise<void> {
  const jobs = await db
    .selectFrom('jobs')
    .select(['title', 'by', 'input'])
    .where('host', '=', target.host)
    .where('status', 'in', [...UNFINISHED])
    .execute()
  const user = jobs.find((job) => (JSON.parse(job.input) as { targetId?: string }).targetId === target.id)
  if (user)
    throw new Refusal(
      `“${user.title}”, begun by ${user.by}, works with ${target.name} and is not finished. Wait for it.`,
    )
}
