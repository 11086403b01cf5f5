import 'server-only'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { VmState } from '../hosts/types.ts'
import type { SnapshotForm } from '../snapshots/types.ts'
import { readTargetStates, type TargetState } from './targets/target-states.ts'

/** What the dialog for a backup offers. */
export interface BackupForm {
  targets: TargetState[]
  disks: (SnapshotForm['disks'][number] & { format: string | null })[]
  agent: SnapshotForm['agent']
  fileSystems: number | null
  running: boolean
  state: VmState
}

/** A form says what was seen before of a target that takes longer. */
const TARGETS_WAIT_MS = 5_000

/** Asks the host what a backup of this VM can be. Throws HostDown and VmGone. */
export async function backupForm(hostName: string, vmUuid: string): Promise<BackupForm> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  const [targets, agent] = await Promise.all([
    readTargetStates(hostName, TARGETS_WAIT_MS, { anew: true }),
    host.frozen.read(vm),
  ])
  const disks = (vm.description?.disks ?? []).map((disk) => ({
    target: disk.target,
    path: disk.path ?? '',
    overlayDirectory: '',
    refusal: snapshotRefusal(disk),
    format: disk.format,
  }))
  return {
    targets,
    disks,
    agent: agent.agent,
    fileSystems: agent.fileSystems,
    running: vm.running,
    state: vm.state,
  }
}
