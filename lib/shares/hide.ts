import type { ChainLayer, DiskChain } from '../chains/types.ts'
import type { BlockJobView } from '../hosts/types.ts'
import type { JobStep, JobView } from '../jobs/types.ts'
import type { SnapshotNode } from '../snapshots/types.ts'
import type { JobSubject } from './job-subject.ts'
import { jobSentences, jobTitle, stepWords } from './job-words.ts'
import { LAYER_PROBLEM, NOT_AS_PLANNED, UNPROVEN } from './neutral-sentences.ts'
import type { PathNames } from './path-names.ts'
import { shownCall } from './shown-calls.ts'
import type { SharedBackup, SharedBlockJob, SharedJob } from './types.ts'

// What leaves for a browser is built here, field by field: what is not named does not go out.

/** A backup without where it is. */
export const shareBackup = ({
  createdAtMs,
  tookMs,
  bytes,
  kind,
  check,
  checkedAtMs,
  isFaulty,
}: SharedBackup): SharedBackup => ({ createdAtMs, tookMs, bytes, kind, check, checkedAtMs, isFaulty })

/** A chain without other VMs, reasons for acts, and, unless they are allowed, without paths. */
export function shareChain(chain: DiskChain, names: PathNames): DiskChain {
  return {
    target: chain.target,
    device: chain.device,
    bus: chain.bus,
    readonly: chain.readonly,
    shareable: chain.shareable,
    layers: chain.layers.map((layer): ChainLayer => ({
      path: names.of(layer.path),
      format: layer.format,
      virtualBytes: layer.virtualBytes,
      allocatedBytes: layer.allocatedBytes,
      nodeIndex: null,
      isActive: layer.isActive,
      isBase: layer.isBase,
      snapshots: layer.snapshots,
      sharedWith: [],
      internalSnapshots: [],
      isReadOnly: false,
      problems: layer.problems.map(({ kind }) => ({ kind, sentence: LAYER_PROBLEM[kind] })),
    })),
    qemuImgInfo: names.shown ? withoutHosts(chain.qemuImgInfo) : '',
    snapshotRefusal: null,
    job: null,
  }
}

/** `withFamily`: the names of the snapshots before and after it are shared, too. */
export function shareSnapshot(
  node: SnapshotNode,
  names: PathNames,
  { withFamily }: { withFamily: boolean },
): SnapshotNode {
  const nameOf = (path: string | null) => (path === null ? null : names.of(path))
  return {
    name: node.name,
    description: names.text(node.description),
    createdAtMs: node.createdAtMs,
    state: node.state,
    isCurrent: node.isCurrent,
    parent: withFamily ? node.parent : null,
    children: withFamily ? node.children : [],
    memory: node.memory,
    disks: node.disks.map(({ target, kind, overlayPath, frozenPath }) => ({
      target,
      kind,
      frozenPath: nameOf(frozenPath),
      overlayPath: nameOf(overlayPath),
    })),
    deleteInProgress: node.deleteInProgress,
    unproven: node.unproven === null ? null : UNPROVEN,
    revertRefusal: null,
    deleteRefusal: null,
  }
}

/** A job without who began it, its host, what can be done, and any word that it says of itself. */
export function shareJob(job: JobView, subject: JobSubject, names: PathNames): SharedJob {
  return {
    id: job.id,
    title: jobTitle(job.kind, subject, names),
    status: job.status,
    ...jobSentences(job),
    result: [],
    differences: job.differences.length > 0 ? [NOT_AS_PLANNED] : [],
    percent: job.percent,
    createdAtMs: job.createdAtMs,
    endedAtMs: job.endedAtMs,
  }
}

/** Numbers only. */
export const shareBlockJob = ({
  target,
  type,
  currentBytes,
  endBytes,
  percent,
  bytesPerSecond,
  secondsLeft,
  ready,
  jobId,
}: BlockJobView): SharedBlockJob => ({
  target,
  type,
  currentBytes,
  endBytes,
  percent,
  bytesPerSecond,
  secondsLeft,
  ready,
  jobId,
})

/** The steps of a job. What they came to is libvirt's words, or names whatever they found: that each was done or failed is all that goes out. */
export const shareSteps = (
  steps: readonly JobStep[],
  job: Pick<JobView, 'kind' | 'vmName' | 'vmUuid'>,
  subject: JobSubject,
  names: PathNames,
): JobStep[] =>
  steps.map((step) => ({
    id: step.id,
    run: step.run,
    mode: step.mode,
    name: stepWords(step.name, subject),
    status: step.status,
    begunAtMs: step.begunAtMs,
    endedAtMs: step.endedAtMs,
    outcome: null,
    calls: step.calls.map((call) => shownCall(call, job, subject, names.shown)),
  }))

/** What is said of a layer that can't be read quotes libvirt, and a backing file elsewhere names a machine. */
const withoutHosts = (info: string): string =>
  info
    .replaceAll(/^qemu-img: .*$/gm, 'qemu-img: This layer can’t be read.')
    .replaceAll(/^backing file: (?!\/)(?:.*:.*)$/gm, 'backing file: not a file of this machine')
