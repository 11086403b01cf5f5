import 'server-only'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { LogCall } from '../jobs/step-log.ts'
import type { MergeJob } from './merge-job.ts'
import type { PlannedMerge } from './plan-merge.ts'
import { forgetSnapshots, moveSnapshots, repinSnapshots } from './reconcile-snapshots.ts'
import { removeUnusedFiles, type Removal } from './remove-files.ts'
import { markSound } from '../situation/sound-layers.ts'
import { clearTaint } from '../situation/tainted-layers.ts'
import { forgetLayers } from '../storage/own-layers.ts'

/** Brings the snapshots' metadata in line with what the layers hold after a merge, and removes the files that nothing uses. */
export async function reconcileMerge(
  host: Host,
  input: MergeJob,
  plan: PlannedMerge,
  call: LogCall,
): Promise<Removal> {
  const { vm } = await requireVm(host.name, input.vm)
  const naming = { uri: host.connection.uri, call }
  await host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(input.vm)
    await forgetSnapshots(domain, plan.lostSnapshots, naming)
    if (plan.basePath !== null && plan.movedSnapshots.length > 0) {
      const reading = await host.files.read(plan.basePath, 0)
      const format =
        vm.description?.disks
          .find((disk) => disk.target === plan.target)
          ?.layers.find((layer) => layer.path === plan.basePath)?.format ??
        (reading.kind === 'found' ? reading.detectedFormat : 'qcow2')
      await moveSnapshots(
        domain,
        plan.movedSnapshots,
        { target: plan.target, fromPath: plan.topPath, toPath: plan.basePath, toFormat: format },
        naming,
      )
    }
    if (plan.direction === 'commit')
      await repinSnapshots(host, domain, mergedPaths(plan), plan.movedSnapshots, naming)
  })
  const removal = await removeUnusedFiles(host, plan.removedFiles, call, {
    own: plan.removedFiles.filter((path) => !plan.templates.includes(path)),
  })
  if (plan.direction === 'commit' && plan.basePath !== null) {
    // Layers above rest on it, and read what they always read.
    await markSound(host, [plan.basePath, ...plan.rebased], `a merge into it was finished`)
    await clearTaint(input.host, plan.basePath)
    // What stays of it holds nothing that the base has not.
    await forgetLayers(host.name, [plan.topPath])
  }
  return removal
}

/** The layers that a commit took the data from. */
function mergedPaths({ chainBefore, topPath, basePath }: PlannedMerge): string[] {
  const paths = chainBefore.map((layer) => layer.path)
  return paths.slice(paths.indexOf(basePath ?? '') + 1, paths.indexOf(topPath) + 1)
}
