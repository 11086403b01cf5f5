import 'server-only'
import type { JobKind } from '../jobs/types.ts'
import { store } from '../store/store.ts'
import { jobSubject, type JobSubject } from './job-subject.ts'

/** What a job is about, as it was asked. */
export async function readJobSubject({ id, kind }: { id: string; kind: JobKind }): Promise<JobSubject> {
  const row = await store().selectFrom('jobs').select('input').where('id', '=', id).executeTakeFirst()
  return jobSubject(kind, row ? JSON.parse(row.input) : null)
}
