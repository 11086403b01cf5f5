import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { findHost } from '@/lib/hosts/find-vm'
import { readJobs } from '@/lib/jobs/read-jobs'
import { sharedHostCheck } from '@/lib/repairs/shared-check'
import { requireSession } from '@/lib/access/require-user'
import { tooManyRequests } from '@/lib/access/too-many-requests'
import { CheckReport } from '@/components/check/check-report'
import { RefreshAfterJobs } from '@/components/check/refresh-after-jobs'
import { RepairDialogs } from '@/components/check/repair-dialogs'
import { JobsNow } from '@/components/jobs/jobs-now'
import { PastJobs } from '@/components/jobs/past-jobs'
import { PageLink } from '@/components/page-link'
import { decodePart, hostCheckPath, listPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import { orSentence } from '../vms/[vm]/or-sentence'
import { vmActs } from '../vms/[vm]/vm-acts'
import { repairActs } from './repair-acts'

type Params = Promise<{ host: string }>
const JOBS_SHOWN = 20
/** Jobs on files of no VM stand under no VM's UUID. */
const NO_VM = ''

export async function generateMetadata({ params }: { params: Params }): Promise<Metadata> {
  return { title: `Check & repair ${(await params).host} · Keyframe` }
}

export default async function HostCheckPage({ params }: { params: Params }) {
  const session = await requireSession('check.read')
  const host = await findHost(decodePart((await params).host))
  if (!host) notFound()
  const many = tooManyRequests(session, hostCheckPath(host.name))
  const [report, jobs] = await Promise.all([
    many ? { value: null, sentence: many.sentence } : orSentence(sharedHostCheck(host.name)),
    readJobs({ host: host.name, vmUuid: NO_VM, limit: JOBS_SHOWN }),
  ])
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 py-4 outline-none">
      <RefreshAfterJobs host={host.name} />
      <RepairDialogs host={host.name} acts={repairActs}>
        <header>
          <p className="text-[13px] text-muted max-sm:[&_a]:inline-block max-sm:[&_a]:py-2">
            <PageLink href={listPath()} className="hover:underline">
              VMs
            </PageLink>{' '}
            /{' '}
            <PageLink href={listPath({ q: host.name })} className="hover:underline">
              {host.name}
            </PageLink>
          </p>
          <h1 className="text-xl font-semibold break-names">Check &amp; repair {host.name}</h1>
        </header>
        {report.sentence !== null && (
          <Notice tone="danger" role="status">
            {report.sentence}
          </Notice>
        )}
        <JobsNow
          host={host.name}
          vmUuid={NO_VM}
          jobs={jobs.filter((job) => job.endedAtMs === null)}
          blockJobs={[]}
          acts={vmActs}
        />
        {report.value && (
          <CheckReport report={report.value} subject={host.name} path={hostCheckPath(host.name)} />
        )}
        <PastJobs jobs={jobs.filter((job) => job.endedAtMs !== null)} />
      </RepairDialogs>
    </main>
  )
}
