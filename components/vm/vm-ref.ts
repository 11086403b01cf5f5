/** The VM that a dialog acts on. */
export interface VmRef {
  host: string
  uuid: string
  name: string
}

/** Tells VMs apart, for keys and maps: a copy on another host may have the same UUID. */
export const vmKey = (vm: VmRef): string => `${vm.host} ${vm.uuid}`
