import 'server-only'
import { isDeepStrictEqual } from 'node:util'
import { publish } from '../live/hub.ts'
import { isHelper } from './helper-domain.ts'
import type { Host } from './host.ts'
import type { ConnectionStatus } from './host-connection.ts'
import { diskSummaries, type KnownVm } from './inventory.ts'
import { hosts } from './registry.ts'
import type { Attention, HostView, VmSummary } from './types.ts'
import { describeNextStart, otherNextStarts } from './next-start.ts'
import { START_LAYERS_MAXIMUM } from './start-depth.ts'
import { stateReason } from './state-reason.ts'
import { VIR_DOMAIN_PAUSED_IOERROR } from 'node-libvirt'
import { versionWarnings } from './host-versions.ts'
import { within } from './within.ts'

/**
 * A host that has not answered by then is shown with what was known: it must not slow the page of the others. It is not down for that: libvirtd
 * is busy for seconds at times, with a merge say. A read that is never answered ends after 5 s, with the connection (host-connection.ts).
 */
const PAGE_WAIT_MS = 1_500

/** All hosts with their VMs, as a page shows them; never throws. */
export function readHosts(): Promise<HostView[]> {
  return Promise.all([...hosts().values()].map(readHost))
}

/** One host with its VMs. */
export async function readHost(host: Host): Promise<HostView> {
  const hadRead = host.inventory.hasRead
  const reading = host.inventory.vms().catch((error: Error) => error)
  const read = await within(reading, PAGE_WAIT_MS, 'late' as const)
  const vms = read === 'late' || read instanceof Error ? host.inventory.lastKnown : read
  const isFirst = read === 'late' && !hadRead
  // Pages read again when it is done, if it tells them anything new.
  if (read === 'late')
    void reading.then((late) => {
      if (isFirst || !isDeepStrictEqual(late, vms)) publish({ type: 'host', host: host.name })
    })
  const status = host.connection.status
  const error = read instanceof Error ? read : null
  return {
    name: host.name,
    uri: host.connection.uri,
    status: statusShown(status, isFirst, error),
    reason: whyNotUp(status, isFirst, error),
    sinceMs: status.sinceMs,
    libvirtVersion: status.status === 'up' ? status.libvirtVersion : null,
    hypervisorVersion: status.status === 'up' ? status.hypervisorVersion : null,
    warnings: status.status === 'up' ? versionWarnings(status.libvirtVersion) : [],
    vms: vms.filter((vm) => !isHelper(vm)).map((vm) => summarize(host, vm)),
  }
}

function statusShown(
  { status }: ConnectionStatus,
  isFirst: boolean,
  error: Error | null,
): HostView['status'] {
  if (status === 'connecting' || isFirst) return 'connecting'
  return status === 'up' && error === null ? 'up' : 'down'
}

function whyNotUp(status: ConnectionStatus, isFirst: boolean, error: Error | null): string | null {
  if (status.status === 'down') return status.reason
  return isFirst ? 'its VMs are being read for the first time' : (error?.message ?? null)
}

/** A VM as lists show it. */
export function summarize(host: Host, vm: KnownVm): VmSummary {
  const jobs = host.jobs.jobsOf(vm.uuid)
  return {
    host: host.name,
    uuid: vm.uuid,
    name: vm.name,
    state: vm.state,
    stateReason: stateReason(vm.state, vm.reason),
    persistent: vm.persistent,
    disks: diskSummaries(vm),
    snapshotCount: vm.snapshotCount,
    jobs,
    attention: [
      ...pausedByDisk(vm),
      ...(host.frozen.isFrozen(vm.uuid)
        ? [
            {
              kind: 'frozen',
              sentence: 'Its file systems are frozen: the guest waits. Thaw it on its page.',
            } as const,
          ]
        : []),
      ...(host.inspection.isHung(vm.uuid)
        ? [{ kind: 'hung', sentence: 'Its QEMU does not answer: what is shown may be old.' } as const]
        : []),
      ...(vm.facts?.broken ?? []),
      ...nextStart(vm),
      ...deepChains(vm),
      ...jobs
        .filter((job) => job.ready && job.jobId === null)
        .map((job): Attention => ({
          kind: 'job-waiting',
          sentence: `The ${job.type} of ${job.target} is ready and waits for its pivot.`,
        })),
    ],
  }
}

function nextStart({ running, description, next }: KnownVm): Attention[] {
  const others = running && description && next ? otherNextStarts(description, next) : []
  return others.length > 0 ? [{ kind: 'next-start-differs', sentence: describeNextStart(others) }] : []
}

/** libvirt says nothing of it until the VM is to be started again. */
function deepChains(vm: KnownVm): Attention[] {
  return diskSummaries(vm)
    .filter((disk) => (disk.chainDepth ?? 0) > START_LAYERS_MAXIMUM)
    .map((disk) => ({
      kind: 'deep-chain',
      sentence: `${disk.target} has ${disk.chainDepth} layers, and libvirt starts no VM with more than ${START_LAYERS_MAXIMUM}. ${vm.running ? 'Merge before it is stopped.' : 'Check & repair can shorten the chain.'}`,
    }))
}

function pausedByDisk(vm: KnownVm): Attention[] {
  if (vm.state !== 'paused' || vm.reason !== VIR_DOMAIN_PAUSED_IOERROR) return []
  if (vm.diskErrors?.some((each) => each.error === 'no space'))
    return [
      {
        kind: 'disk-full',
        sentence: `Paused: the file system of ${vm.diskErrors.map((each) => each.target).join(', ')} is full. Free space, then press Resume.`,
      },
    ]
  return [
    { kind: 'io-error', sentence: 'Paused by an I/O error of a disk. Mend the storage, then press Resume.' },
  ]
}
