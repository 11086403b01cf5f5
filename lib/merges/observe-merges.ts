import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { BlockJobView } from '../hosts/types.ts'
import { readSoundLayers } from '../situation/sound-layers.ts'
import { clearTaint, taintLayer } from '../situation/tainted-layers.ts'
import { forgetLayers } from '../storage/own-layers.ts'

/** A file's modification time is the host's clock, ours may differ; and a job is seen some time after it began. */
const CLOCK_SLACK_MS = 3_000

/**
 * Watches for merges that others begin, with virsh for example, and remembers which layers they change: a commit that
 * is cancelled or fails has changed its base all the same. libvirt does not tell a commit's base, the files do: a frozen
 * layer's modification time jumps when a commit into it begins (lib/hosts/LIBVIRT.md, “Merges”).
 */
export function observeMerges(host: Host): void {
  // One after the other: the end of a job must not be written down before its beginning.
  let turn: Promise<void> = Promise.resolve()
  const tops = new Map<string, string>()
  host.onBrokenOff((vmUuid, target, sinceMs) => {
    turn = turn.then(() => rememberBrokenOff(host, { vmUuid, target }, sinceMs)).catch(() => undefined)
  })
  host.jobs.onChange(({ running, ended }) => {
    // At each change: a slow commit may write into its base only after it was first seen.
    for (const job of running.filter(isForeignCommit))
      turn = turn.then(() => remember(host, job, tops)).catch(() => undefined)
    for (const job of ended.filter(isForeignCommit)) {
      turn = turn
        .then(async () => {
          const top = tops.get(recordId(job))
          tops.delete(recordId(job))
          if (top !== undefined) await forgetIfPivoted(host, job, top)
        })
        .catch(() => undefined)
    }
  })
}

const isForeignCommit = (job: BlockJobView) =>
  job.jobId === null && (job.type === 'commit' || job.type === 'active-commit')
const recordId = (job: Pick<BlockJobView, 'vmUuid' | 'target'>) => `foreign:${job.vmUuid}:${job.target}`

async function remember(host: Host, job: BlockJobView, tops: Map<string, string>): Promise<void> {
  const topPath = await taintChanged(host, job, job.firstSeenMs, job.firstSeenMs)
  const stillRuns =
    topPath !== null &&
    (await host.inspection.inspect(
      job.vmUuid,
      async (domain) => (await domain.getBlockJobInfo(job.target)) !== null,
    ))
  if (stillRuns) tops.set(recordId(job), topPath)
}

/** Its end is all that is known of it, so every snapshot of now is older than it: libvirt takes none beside a block job. */
async function rememberBrokenOff(
  host: Host,
  job: Pick<BlockJobView, 'vmUuid' | 'target'>,
  sinceMs: number,
): Promise<void> {
  await taintChanged(host, job, sinceMs, Date.now())
  host.changed(job.vmUuid)
}

/** Records the layers that were changed since `changedSinceMs`, against snapshots of before `sinceMs`. Returns the layer that is written to. */
async function taintChanged(
  host: Host,
  job: Pick<BlockJobView, 'vmUuid' | 'target'>,
  changedSinceMs: number,
  sinceMs: number,
): Promise<string | null> {
  // Read anew: what the poller knew may be a chain of before the last snapshot.
  const vm = await host.inventory.vmNow(job.vmUuid)
  const disk = vm?.description?.disks.find((each) => each.target === job.target)
  const sound = await readSoundLayers(host.name)
  for (const layer of disk?.layers.slice(1) ?? []) {
    if (layer.path === null) continue
    const reading = await host.files.read(layer.path, 0)
    if (
      reading.kind !== 'found' ||
      reading.modifiedMs === null ||
      reading.modifiedMs < changedSinceMs - CLOCK_SLACK_MS
    )
      continue
    // Frozen just now, and as it was then: another layer is the commit's base.
    if (sound.get(layer.path)?.modifiedMs === reading.modifiedMs) continue
    await taintLayer({
      host: host.name,
      path: layer.path,
      vmUuid: job.vmUuid,
      topPath: disk!.path,
      jobId: recordId(job),
      sinceMs,
      reason: `another tool began a merge into ${layer.path}, so it no longer holds what was frozen. Merge it to the end, or delete the snapshot’s metadata`,
    })
  }
  return disk?.path ?? null
}

/**
 * After a pivot the base is written to, which tells by itself that its snapshots are gone (lib/snapshots/unproven.ts);
 * a snapshot taken right after it is sound.
 */
async function forgetIfPivoted(host: Host, job: BlockJobView, top: string): Promise<void> {
  const vm = await host.inventory.vmNow(job.vmUuid)
  const paths = vm?.description?.disks
    .find((disk) => disk.target === job.target)
    ?.layers.map((layer) => layer.path) ?? [top]
  if (job.type !== 'active-commit' || paths.includes(top)) return
  // What its overlay holds is in the base.
  await forgetLayers(host.name, [top])
  for (const path of paths) if (path !== null) await clearTaint(host.name, path, recordId(job))
}
