import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import type { BlockJobView } from '../hosts/types.ts'
import { taintLayer } from './tainted-layers.ts'

/** A file's modification time is the host's clock, ours may differ; and a job is seen some time after it began. */
const CLOCK_SLACK_MS = 3_000

/**
 * Watches for merges that others begin, with virsh for example, and remembers which layers they change: a commit that
 * is cancelled or fails has changed its base all the same. libvirt does not tell a commit's base, the files do: a frozen
 * layer's modification time jumps when a commit into it begins (DESIGN.md, section 5).
 */
export function observeMerges(host: Host): void {
  host.onJobs((vm, jobs) => {
    for (const job of jobs) if (job.jobId === null && (job.type === 'commit' || job.type === 'active-commit')) void remember(host, vm, job).catch(() => undefined)
  })
}

async function remember(host: Host, vm: KnownVm, job: BlockJobView): Promise<void> {
  const layers = vm.description?.disks.find((disk) => disk.target === job.target)?.layers.slice(1) ?? []
  // Pivoted already: the base is written to, which tells by itself that its snapshots are gone (lib/snapshots/unproven.ts).
  const now = await host.inventory.vmNow(vm.uuid)
  const active = now?.description?.disks.find((disk) => disk.target === job.target)?.path
  for (const layer of layers) {
    if (layer.path === null || layer.path === active) continue
    const reading = await host.files.read(layer.path, 0)
    if (reading.kind !== 'found' || reading.modifiedMs === null || reading.modifiedMs < job.firstSeenMs - CLOCK_SLACK_MS) continue
    await taintLayer(host.name, layer.path, vm.uuid, `another tool began a merge into ${layer.path}, so it no longer holds what was frozen. Merge it to the end, or delete the snapshot’s metadata`, `foreign:${vm.uuid}:${job.target}:${job.firstSeenMs}`)
  }
}
