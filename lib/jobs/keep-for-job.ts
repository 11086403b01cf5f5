import 'server-only'
import { sql } from 'kysely'
import { updateJob } from './job-rows.ts'

/** Keeps a value through all runs of a job, whoever asks for it; written before it resolves, beside what others keep meanwhile. null takes it away. */
export async function keepForJob(
  jobId: string,
  key: string,
  value: string | number | boolean | null | object,
): Promise<void> {
  await updateJob(jobId, { kept: sql<string>`json_patch(kept, ${JSON.stringify({ [key]: value })})` })
}
