import 'server-only'
import { sql } from 'kysely'
import { store } from '../store/store.ts'
import { updateJob } from './job-rows.ts'
import { differencesIn, KEPT_DIFFERENCES } from './kept-differences.ts'

/** Records where this run's outcome differs from the plan that was shown. Recorded again, after a crash, each is there once. */
export async function recordDifferences(
  jobId: string,
  run: number,
  sentences: readonly string[],
): Promise<void> {
  if (sentences.length === 0) return
  const row = await store().selectFrom('jobs').select('kept').where('id', '=', jobId).executeTakeFirst()
  const before = differencesIn({ kept: row?.kept ?? '{}', run })
  const change = { [KEPT_DIFFERENCES]: { run, sentences: [...new Set([...before, ...sentences])] } }
  await updateJob(jobId, { kept: sql<string>`json_patch(kept, ${JSON.stringify(change)})` })
}
