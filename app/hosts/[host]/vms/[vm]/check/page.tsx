import type { Metadata } from 'next'
import { findVm } from '@/lib/hosts/find-vm'
import { readJobs } from '@/lib/jobs/read-jobs'
import { sharedVmCheck } from '@/lib/repairs/shared-check'
import { requireSession } from '@/lib/access/require-user'
import { tooManyRequests } from '@/lib/access/too-many-requests'
import { CheckReport } from '@/components/check/check-report'
import { RefreshAfterJobs } from '@/components/check/refresh-after-jobs'
import { RepairDialogs } from '@/components/check/repair-dialogs'
import { JobsNow } from '@/components/jobs/jobs-now'
import { PageLink } from '@/components/page-link'
import { decodePart, hostCheckPath, listPath, vmCheckPath, vmPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import { repairActs } from '../../../check/repair-acts'
import { orSentence } from '../or-sentence'
import { UnknownVm } from '../unknown-vm'
import { vmActs } from '../vm-acts'

type Params = Promise<{ host: string; vm: string }>
const JOBS_LOOKED_AT = 20

export async function generateMetadata({ params }: { params: Params }): Promise<Metadata> {
  return { title: `Check & repair ${(await params).vm} · Keyframe` }
}

export default async function VmCheckPage({ params }: { params: Params }) {
  const session = await requireSession('check.read')
  const parts = await params
  const found = await findVm(decodePart(parts.host), decodePart(parts.vm))
  if (!found) return <UnknownVm host={decodePart(parts.host)} />
  const { host, vm } = found
  const many = tooManyRequests(session, vmCheckPath(host.name, vm.name))
  const [report, jobs] = await Promise.all([
    many ? { value: null, sentence: many.sentence } : orSentence(sharedVmCheck(host.name, vm.uuid)),
    readJobs({ host: host.name, vmUuid: vm.uuid, limit: JOBS_LOOKED_AT }),
  ])
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 py-4 outline-none">
      <RefreshAfterJobs host={host.name} />
      <RepairDialogs host={host.name} acts={repairActs}>
        <header>
          <p className="text-[13px] break-names text-muted max-sm:[&_a]:inline-block max-sm:[&_a]:py-2">
            <PageLink href={listPath()} className="hover:underline">
              VMs
            </PageLink>{' '}
            /{' '}
            <PageLink href={listPath({ q: vm.host })} className="hover:underline">
              {vm.host}
            </PageLink>{' '}
            /{' '}
            <PageLink href={vmPath(host.name, vm.name)} className="hover:underline">
              {vm.name}
            </PageLink>
          </p>
          <h1 className="text-xl font-semibold break-names">Check &amp; repair {vm.name}</h1>
        </header>
        {report.sentence !== null && (
          <Notice tone="danger" role="status">
            {report.sentence}
          </Notice>
        )}
        <JobsNow
          host={host.name}
          vmUuid={vm.uuid}
          jobs={jobs.filter((job) => job.endedAtMs === null)}
          blockJobs={[]}
          acts={vmActs}
        />
        {report.value && (
          <CheckReport report={report.value} subject={vm.name} path={vmCheckPath(host.name, vm.name)} />
        )}
        <p className="text-[13px] text-muted">
          Files that can’t be told to be of any one VM stand on{' '}
          <PageLink href={hostCheckPath(host.name)} className="underline underline-offset-2">
            the check of {host.name}
          </PageLink>
          .
        </p>
      </RepairDialogs>
    </main>
  )
}
