import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { can } from '@/lib/access/permissions'
import { readAuditOf } from '@/lib/access/read-audit'
import { requireUser } from '@/lib/access/require-user'
import { readJob } from '@/lib/jobs/read-jobs'
import { readJobStory } from '@/lib/jobs/step-log'
import { AuditPart } from '@/components/audit/audit-part'
import { JobHead } from '@/components/jobs/job-head'
import { JobStory } from '@/components/jobs/job-story'
import { RefreshOnJobChange } from '@/components/live/refresh-on-change'
import { auditPath, decodePart, jobsPath, listPath, vmPath } from '@/components/paths'
import { PageLink } from '@/components/page-link'
import { vmActs } from '../../hosts/[host]/vms/[vm]/vm-acts'

const RECORDS_SHOWN = 20

type Params = Promise<{ id: string }>

export const metadata: Metadata = { title: 'Job · Keyframe' }

export default async function JobPage({ params }: { params: Params }) {
  const user = await requireUser('job.read')
  const job = await readJob(decodePart((await params).id))
  if (!job) notFound()
  const [story, records] = await Promise.all([readJobStory(job.id), readAuditOf({ jobId: job.id }, RECORDS_SHOWN)])
  return (
    <main tabIndex={-1} className="mx-auto flex max-w-4xl flex-col gap-5 px-4 py-4 outline-none">
      <RefreshOnJobChange jobId={job.id} />
      <p className="text-[13px] break-names text-muted max-sm:[&_a]:inline-block max-sm:[&_a]:py-2"><PageLink href={listPath()} className="hover:underline">VMs</PageLink> / <PageLink href={listPath({ q: job.host })} className="hover:underline">{job.host}</PageLink> / {job.vmUuid !== '' && <><PageLink href={vmPath(job.host, job.vmName)} className="hover:underline">{job.vmName}</PageLink> / </>}<PageLink href={jobsPath()} className="hover:underline">Jobs</PageLink></p>
      <JobHead job={job} acts={vmActs} />
      <JobStory steps={story} />
      <AuditPart entries={records} most={RECORDS_SHOWN} all={can(user, 'audit.read') && job.vmUuid !== '' ? auditPath({ vm: job.vmUuid }) : null} />
    </main>
  )
}
