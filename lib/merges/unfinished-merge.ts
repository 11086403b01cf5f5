import 'server-only'
import { posix } from 'node:path'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { PlannedMerge } from './plan-merge.ts'

/** Less than this is full: an image grows by clusters of 64 KiB. */
const FULL_BYTES = 1024 * 1024

/** What a commit that did not end well has cost, though the VM itself is whole. */
export function unprovenNow(plan: PlannedMerge): string {
  if (plan.direction === 'pull' || plan.lostSnapshots.length === 0) return ''
  return ` The merge had already changed ${plan.basePath}: ${plan.lostSnapshots.join(', ')} can’t be reverted to any more. Merge again to the end to tidy up.`
}

/** Why a merge ended before its end, and how things stand. */
export async function unfinishedMerge(host: Host, uuid: string, plan: PlannedMerge): Promise<string> {
  const { vm } = await requireVm(host.name, uuid)
  const receiver = plan.direction === 'commit' ? plan.basePath : plan.topPath
  const freeBytes = receiver === null ? null : await host.files.freeBytes(posix.dirname(receiver))
  let cause = 'QEMU ended it before its end, or someone cancelled it'
  if (!vm.running) cause = `${vm.name} stopped (${vm.state}) in the middle of it`
  else if (freeBytes !== null && freeBytes < FULL_BYTES) cause = `the file system of ${receiver} is full`
  return `The merge of ${plan.target} was not finished: ${cause}. The chain is as it was, nothing of the VM’s data is lost.${unprovenNow(plan)}`
}
