import type { KnownVm } from '../hosts/inventory.ts'
import { stateWords } from '../hosts/state-words.ts'

/** Why no snapshot can be taken of a VM in this state; null when one can. libvirt 11.3 takes none of a guest in S3, whatever its disks are. */
export const asleepRefusal = ({ name, state }: Pick<KnownVm, 'name' | 'state'>): string | null =>
  state === 'pmsuspended'
    ? `${name} is ${stateWords(state)}, and libvirt takes no snapshot of a VM that is. Wake it up first, or force it off.`
    : null
