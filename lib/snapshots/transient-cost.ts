import type { KnownVm } from '../hosts/inventory.ts'

/** What a snapshot of a VM costs that libvirt forgets when it stops, a sentence; null where it keeps its configuration. */
export const transientCost = ({ name, persistent }: Pick<KnownVm, 'name' | 'persistent'>): string | null =>
  persistent
    ? null
    : `${name} is transient: when it stops, libvirt forgets the snapshot and that its disks are on overlays. Who starts it again, a cluster for example, must name the overlays, or what was written since is left in them.`
