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
import { ShareButton } from '@/components/shares/share-button'
import { auditPath, decodePart, jobsPath, listPath, vmPath } from '@/components/paths'
import { PageLink } from '@/components/page-link'
import { shareActs } from '../../shares/share-acts'
import { vmActs } from '../../hosts/[host]/vms/[vm]/vm-acts'

const RECORDS_SHOWN = 20

type Params = Promise<{ id: string }>

export const metadata: Metadata = { title: 'Job · Keyframe' }

export default async function JobPage({ params }: { params: Params }) {
  const user = await requireUser('job.read')
  const job = await readJob(decodePart((await params).id))
  if (!job) notFound()
  const [story, records] = await Promise.all([
    readJobStory(job.id),
    readAuditOf({ jobId: job.id }, RECORDS_SHOWN),
  ])
  return (
    <main tabIndex={-1} className="mx-auto flex max-w-4xl flex-col gap-5 px-4 py-4 outline-none">
      <RefreshOnJobChange jobId={job.id} />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p className="min-w-0 flex-1 basis-60 text-[13px] break-names text-muted max-sm:[&_a]:inline-block max-sm:[&_a]:py-2">
          <PageLink href={listPath()} className="hover:underline">
            VMs
          </PageLink>{' '}
          /{' '}
          <PageLink href={listPath({ q: job.host })} className="hover:underline">
            {job.host}
          </PageLink>{' '}
          /{' '}
          {job.vmUuid !== '' && (
            <>
              <PageLink href={vmPath(job.host, job.vmName)} className="hover:underline">
                {job.vmName}
              </PageLink>{' '}
              /{' '}
            </>
          )}
          <PageLink href={jobsPath()} className="hover:underline">
            Jobs
          </PageLink>
        </p>
        <ShareButton subject={{ kind: 'job', jobId: job.id }} label={job.title} acts={shareActs} />
      </div>
      <JobHead job={job} acts={vmActs} />
      <JobStory steps={story} />
      <AuditPart
        entries={records}
        most={RECORDS_SHOWN}
        all={can(user, 'audit.read') && job.vmUuid !== '' ? auditPath({ vm: job.vmUuid }) : null}
      />
    </main>
  )
}
