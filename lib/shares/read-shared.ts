import 'server-only'
import { cache } from 'react'
import { readVmSummaries } from '../backups/catalogue/backup-summaries.ts'
import { readVmChains } from '../chains/read-vm-chains.ts'
import { findHost } from '../hosts/find-vm.ts'
import type { HostView, VmSummary } from '../hosts/types.ts'
import { readJob, readJobs } from '../jobs/read-jobs.ts'
import { readJobStory } from '../jobs/step-log.ts'
import type { JobView } from '../jobs/types.ts'
import { isLeftOut } from '../schedules/left-out.ts'
import { protectionOf } from '../schedules/protection.ts'
import { readSnapshotTree } from '../snapshots/read-snapshot-tree.ts'
import { shareBackup, shareBlockJob, shareChain, shareJob, shareSnapshot, shareSteps } from './hide.ts'
import { BACKUP_KINDS } from './backup-kinds.ts'
import { ATTENTION, NOT_PROTECTED } from './neutral-sentences.ts'
import { PathNames } from './path-names.ts'
import { readJobSubject } from './read-job-subject.ts'
import type { Share, SharedJob, SharedView } from './types.ts'

const JOBS_SHOWN = 20
const BACKUPS_SHOWN = 30

/** What a share shows now, with nothing in it that was not shared. Read once a request. */
export const readShared = cache(async (share: Share): Promise<SharedView> => {
  switch (share.kind) {
    case 'vm':
      return readSharedVm(share)
    case 'snapshot':
      return readSharedSnapshot(share)
    case 'job':
      return readSharedJob(share)
    case 'backups':
      return readSharedBackups(share)
  }
})

/** By its UUID alone: another VM may have got the name since, or be called like the UUID. */
async function findVm(share: Share): Promise<{ host: HostView; vm: VmSummary } | 'gone' | 'away'> {
  const host = await findHost(share.host)
  const vm = host?.vms.find((each) => each.uuid === share.vmUuid)
  if (host && vm) return { host, vm }
  return host && host.status !== 'up' ? 'away' : 'gone'
}

/** Its host went away, or its QEMU hangs, while it was read: null. */
async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  return reading.catch((error: unknown) => {
    if (error instanceof Error && ['HostDown', 'VmGone', 'VmHung'].includes(error.name)) return null
    throw error
  })
}

async function readSharedVm(share: Share): Promise<SharedView> {
  const found = await findVm(share)
  if (found === 'away') return { kind: 'away' }
  if (found === 'gone') return { kind: 'gone', of: 'vm' }
  const { host, vm } = found
  const [chains, tree, jobs] = await Promise.all([
    orNull(readVmChains(share.host, share.vmUuid)),
    orNull(readSnapshotTree(share.host, share.vmUuid)),
    readJobs({ host: share.host, vmUuid: share.vmUuid, unfinished: true, limit: JOBS_SHOWN }),
  ])
  const names = new PathNames(share.showPaths)
  // In the order in which the page shows them.
  const sharedChains = chains?.map((chain) => shareChain(chain, names)) ?? null
  const snapshots = tree?.nodes.map((node) => shareSnapshot(node, names, { withFamily: true })) ?? null
  return {
    kind: 'vm',
    name: vm.name,
    state: vm.state,
    stateReason: vm.stateReason,
    attention: [...new Set(vm.attention.map(({ kind }) => ATTENTION[kind]))],
    isHostUp: host.status === 'up',
    chains: sharedChains,
    snapshots,
    jobs: await shareJobs(jobs, names),
    blockJobs: vm.jobs.map(shareBlockJob),
  }
}

async function readSharedSnapshot(share: Share): Promise<SharedView> {
  const found = await findVm(share)
  if (found === 'gone') return { kind: 'gone', of: 'snapshot' }
  const tree = found === 'away' ? null : await orNull(readSnapshotTree(share.host, share.vmUuid))
  if (found === 'away' || tree === null) return { kind: 'away' }
  const node = tree.nodes.find(
    (each) => each.name === share.snapshot?.name && each.createdAtMs === share.snapshot.createdAtMs,
  )
  if (!node) return { kind: 'gone', of: 'snapshot' }
  return {
    kind: 'snapshot',
    vmName: found.vm.name,
    node: shareSnapshot(node, new PathNames(share.showPaths), { withFamily: false }),
  }
}

async function readSharedJob(share: Share): Promise<SharedView> {
  const job = share.jobId === null ? null : await readJob(share.jobId)
  if (!job) return { kind: 'gone', of: 'job' }
  const found = await findVm(share)
  const names = new PathNames(share.showPaths)
  const [subject, steps] = await Promise.all([readJobSubject(job), readJobStory(job.id)])
  const blockJobs = typeof found === 'string' ? [] : found.vm.jobs.filter((each) => each.jobId === job.id)
  // A job on a file of no VM stands under its host's name.
  const nameThen = job.vmUuid === '' ? null : job.vmName
  return {
    kind: 'job',
    vmName: typeof found === 'string' ? nameThen : found.vm.name,
    job: shareJob(job, subject, names),
    steps: shareSteps(steps, job, subject, names),
    blockJobs: blockJobs.map(shareBlockJob),
  }
}

async function readSharedBackups(share: Share): Promise<SharedView> {
  const found = await findVm(share)
  if (found === 'gone') return { kind: 'gone', of: 'backups' }
  const [protection, leftOut, backups, jobs] = await Promise.all([
    protectionOf(share.host, share.vmUuid),
    isLeftOut(share.host, share.vmUuid),
    readVmSummaries({ host: share.host, vmUuid: share.vmUuid, limit: BACKUPS_SHOWN }),
    readJobs({
      host: share.host,
      vmUuid: share.vmUuid,
      kinds: [...BACKUP_KINDS],
      unfinished: true,
      limit: JOBS_SHOWN,
    }),
  ])
  const name = typeof found === 'string' ? (protection?.vmName ?? backups[0]?.vmName) : found.vm.name
  if (name === undefined) return { kind: 'away' }
  return {
    kind: 'backups',
    vmName: name,
    isHostUp: typeof found !== 'string' && found.host.status === 'up',
    state: leftOut ? 'left-out' : (protection?.state ?? null),
    reasons: [...new Set((protection?.reasons ?? []).map(({ kind }) => NOT_PROTECTED[kind]))],
    lastGood: protection?.lastGood
      ? { atMs: protection.lastGood.atMs, checkedAtMs: protection.lastGood.checkedAtMs }
      : null,
    nextRunMs: protection?.nextRunMs ?? null,
    backups: backups.map(shareBackup),
    jobs: await shareJobs(jobs, new PathNames(share.showPaths)),
  }
}

async function shareJobs(jobs: readonly JobView[], names: PathNames): Promise<SharedJob[]> {
  const subjects = await Promise.all(jobs.map(readJobSubject))
  return jobs.map((job, index) => shareJob(job, subjects[index]!, names))
}
