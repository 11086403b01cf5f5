import 'server-only'
import { store } from '../store/store.ts'
import { keepForJob } from './keep-for-job.ts'
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
  await keepForJob(jobId, KEPT_DIFFERENCES, { run, sentences: [...new Set([...before, ...sentences])] })
}
