import { route } from '@/lib/access/route'
import { hostByName } from '@/lib/hosts/registry'
import { readJob } from '@/lib/jobs/read-jobs'

/** One job as it stands now, with the block jobs that it began: an event tells only of what changes after this. */
export const GET = route('job.read', async (_request, { params }) => {
  const job = await readJob(params.id ?? '')
  if (!job) return Response.json({ message: 'There is no such job.' }, { status: 404 })
  const blockJobs = hostByName(job.host)?.jobs.jobsOf(job.vmUuid) ?? []
  return { job, blockJobs: blockJobs.filter((each) => each.jobId === job.id) }
})
