import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import type { BlockJobView } from '../hosts/types.ts'
import { clearTaint, taintLayer } from './tainted-layers.ts'

/** A file's modification time is the host's clock, ours may differ; and a job is seen some time after it began. */
const CLOCK_SLACK_MS = 3_000

/**
 * Watches for merges that others begin, with virsh for example, and remembers which layers they change: a commit that
 * is cancelled or fails has changed its base all the same. libvirt does not tell a commit's base, the files do: a frozen
 * layer's modification time jumps when a commit into it begins (DESIGN.md, section 5).
 */
export function observeMerges(host: Host): void {
  // One after the other: the end of a job must not be written down before its beginning.
  let turn: Promise<void> = Promise.resolve()
  const tops = new Map<string, string>()
  host.onJobs((vm, running, ended) => {
    for (const job of running.filter(isForeignCommit)) {
      const top = vm.description?.disks.find((disk) => disk.target === job.target)?.path
      if (top && !tops.has(recordId(job))) tops.set(recordId(job), top)
      turn = turn.then(() => remember(host, vm, job)).catch(() => undefined)
    }
    for (const job of ended.filter(isForeignCommit)) {
      const top = tops.get(recordId(job))
      tops.delete(recordId(job))
      if (top !== undefined) turn = turn.then(() => forgetIfPivoted(host, job, top)).catch(() => undefined)
    }
  })
}

const isForeignCommit = (job: BlockJobView) => job.jobId === null && (job.type === 'commit' || job.type === 'active-commit')
const recordId = (job: BlockJobView) => `foreign:${job.vmUuid}:${job.target}`

async function remember(host: Host, vm: KnownVm, job: BlockJobView): Promise<void> {
  for (const layer of vm.description?.disks.find((disk) => disk.target === job.target)?.layers.slice(1) ?? []) {
    if (layer.path === null) continue
    const reading = await host.files.read(layer.path, 0)
    if (reading.kind !== 'found' || reading.modifiedMs === null || reading.modifiedMs < job.firstSeenMs - CLOCK_SLACK_MS) continue
    await taintLayer(host.name, layer.path, vm.uuid, `another tool began a merge into ${layer.path}, so it no longer holds what was frozen. Merge it to the end, or delete the snapshot’s metadata`, recordId(job))
  }
}

/**
 * After a pivot the base is written to, which tells by itself that its snapshots are gone (lib/snapshots/unproven.ts);
 * a snapshot taken right after it is sound.
 */
async function forgetIfPivoted(host: Host, job: BlockJobView, top: string): Promise<void> {
  const vm = await host.inventory.vmNow(job.vmUuid)
  const paths = vm?.description?.disks.find((disk) => disk.target === job.target)?.layers.map((layer) => layer.path) ?? [top]
  if (job.type !== 'active-commit' || paths.includes(top)) return
  for (const path of paths) if (path !== null) await clearTaint(host.name, path, recordId(job))
}
