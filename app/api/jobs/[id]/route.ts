import { route } from '@/lib/access/route'
import { readJob } from '@/lib/jobs/read-jobs'

/** One job as it stands now. */
export const GET = route('job.read', async (_request, { params }) => {
  const job = await readJob(params.id ?? '')
  return job ?? Response.json({ message: 'There is no such job.' }, { status: 404 })
})
