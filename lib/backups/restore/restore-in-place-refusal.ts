import { stateWords } from '../../hosts/state-words.ts'
import type { VmState } from '../../hosts/types.ts'
import type { OpenRestore } from './open-restore.ts'

/** Why a VM's disks can't be replaced by those of a backup as it stands now, one sentence or two; null when they can. Pure. */
export function restoreInPlaceRefusal(
  vm: { name: string; running: boolean; state: VmState },
  open: Pick<OpenRestore, 'backupId'> | null,
): string | null {
  if (vm.running)
    return `${vm.name} is ${stateWords(vm.state)}: shut it down first, or restore the backup as a new VM.`
  if (open)
    return `${vm.name} was restored in place from ${open.backupId} before, and its old disks are still kept. Say which ones are right first.`
  return null
}
