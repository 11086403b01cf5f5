import 'server-only'
import type { Host } from './host.ts'
import type { KnownVm } from './inventory.ts'
import { readHost } from './read-hosts.ts'
import { hostByName } from './registry.ts'
import type { HostView, VmSummary } from './types.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A VM by name or UUID as pages show it, last known when its host is down; null when there is none. */
export async function findVm(
  hostName: string,
  nameOrUuid: string,
): Promise<{ host: HostView; vm: VmSummary } | null> {
  const found = hostByName(hostName)
  if (!found) return null
  const host = await readHost(found)
  // A VM may be called like another one's UUID: the name wins, as in virsh.
  const vm =
    host.vms.find((each) => each.name === nameOrUuid) ??
    host.vms.find((each) => UUID.test(nameOrUuid) && each.uuid === nameOrUuid.toLowerCase())
  return vm ? { host, vm } : null
}

/** A configured host as pages show it, or null. */
export async function findHost(name: string): Promise<HostView | null> {
  const host = hostByName(name)
  return host ? readHost(host) : null
}

/** The host of this name. Throws VmGone. */
export function requireHost(name: string): Host {
  const host = hostByName(name)
  if (!host) throw new VmGone(`There is no host called ${name}.`)
  return host
}

/** For decisions: the host and the VM as it is now. Throws HostDown, VmHung, or VmGone when either is not there. */
export async function requireVm(hostName: string, uuid: string): Promise<{ host: Host; vm: KnownVm }> {
  const host = requireHost(hostName)
  if (!UUID.test(uuid)) throw new VmGone(`There is no VM ${uuid} on ${hostName}.`)
  const vm = await host.inventory.vmNow(uuid)
  if (!vm)
    throw new VmGone(
      `The VM is no longer on ${hostName}: it was removed or renamed meanwhile. Reload the list.`,
    )
  return { host, vm }
}

/** The host or the VM that an act names is not there. */
export class VmGone extends Error {
  override name = 'VmGone'
}
