import type { ChainLayer, DiskChain } from '../chains/types.ts'
import type { BlockJobView } from '../hosts/types.ts'
import type { JobCall, JobStep, JobView } from '../jobs/types.ts'
import type { SnapshotNode } from '../snapshots/types.ts'
import { LAYER_PROBLEM, UNPROVEN } from './neutral-sentences.ts'
import type { PathNames } from './path-names.ts'
import type { SharedBackup, SharedBlockJob, SharedJob } from './types.ts'

// What leaves for a browser is built here, field by field: what is not named does not go out.

/** A backup without where it is. */
export const shareBackup = ({ createdAtMs, tookMs, bytes, kind, check, checkedAtMs, isFaulty }: SharedBackup): SharedBackup => ({ createdAtMs, tookMs, bytes, kind, check, checkedAtMs, isFaulty })

/** A chain without other VMs, reasons for acts, and, unless they are allowed, without paths. */
export function shareChain(chain: DiskChain, names: PathNames): DiskChain {
  return {
    target: chain.target, device: chain.device, bus: chain.bus, readonly: chain.readonly, shareable: chain.shareable,
    layers: chain.layers.map((layer): ChainLayer => ({
      path: names.of(layer.path), format: layer.format, virtualBytes: layer.virtualBytes, allocatedBytes: layer.allocatedBytes, nodeIndex: null,
      isActive: layer.isActive, isBase: layer.isBase, snapshots: layer.snapshots, sharedWith: [],
      problems: layer.problems.map(({ kind }) => ({ kind, sentence: LAYER_PROBLEM[kind] })),
    })),
    qemuImgInfo: names.shown ? chain.qemuImgInfo : '', snapshotRefusal: null, job: null,
  }
}

/** `withFamily`: the names of the snapshots before and after it are shared, too. */
export function shareSnapshot(node: SnapshotNode, names: PathNames, { withFamily }: { withFamily: boolean }): SnapshotNode {
  const nameOf = (path: string | null) => (path === null ? null : names.of(path))
  return {
    name: node.name, description: names.text(node.description), createdAtMs: node.createdAtMs, state: node.state, isCurrent: node.isCurrent,
    parent: withFamily ? node.parent : null, children: withFamily ? node.children : [], memory: node.memory,
    disks: node.disks.map(({ target, kind, overlayPath, frozenPath }) => ({ target, kind, frozenPath: nameOf(frozenPath), overlayPath: nameOf(overlayPath) })),
    deleteInProgress: node.deleteInProgress, unproven: node.unproven === null ? null : UNPROVEN, revertRefusal: null, deleteRefusal: null,
  }
}

/** A job without who began it, its host and what can be done. */
export function shareJob(job: JobView, names: PathNames): SharedJob {
  const text = (sentence: string | null) => (sentence === null ? null : names.text(sentence))
  return {
    id: job.id, title: names.text(job.title), status: job.status, note: text(job.note), error: text(job.error), result: job.result.map((line) => names.text(line)),
    percent: job.percent, createdAtMs: job.createdAtMs, endedAtMs: job.endedAtMs,
  }
}

/** Numbers only. */
export const shareBlockJob = ({ target, type, currentBytes, endBytes, percent, bytesPerSecond, secondsLeft, ready, jobId }: BlockJobView): SharedBlockJob =>
  ({ target, type, currentBytes, endBytes, percent, bytesPerSecond, secondsLeft, ready, jobId })

/** The steps of a job. With paths hidden, command lines and XML are left out altogether: they hold little else. */
export const shareSteps = (steps: readonly JobStep[], names: PathNames): JobStep[] => steps.map((step) => ({
  id: step.id, run: step.run, mode: step.mode, name: names.text(step.name), status: step.status, begunAtMs: step.begunAtMs, endedAtMs: step.endedAtMs,
  outcome: step.outcome === null || (!names.shown && step.status !== 'failed') ? null : names.text(step.outcome),
  calls: step.calls.map((call): JobCall => ({
    procedure: call.procedure, virsh: names.shown ? withoutUri(call.virsh) : '', xml: names.shown ? call.xml : null, begunAtMs: call.begunAtMs, endedAtMs: call.endedAtMs,
    outcome: call.outcome === null ? null : names.shown ? names.text(call.outcome) : call.outcome === 'ok' ? 'ok' : 'failed',
  })),
}))

/** virsh's `-c` names a user and a machine (lib/hosts/virsh-command.ts). */
const withoutUri = (virsh: string): string => virsh.replace(/^virsh -c (?:'(?:[^']|'\\'')*'|\S+) /, 'virsh ')
