import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { hosts } from '../hosts/registry.ts'
import { isUnreachable } from '../hosts/unreachable.ts'
import { within } from '../hosts/within.ts'

/** A host that hangs is taken for one that does not answer. */
const OTHER_WAIT_MS = 5_000

/** Where the same VM, by its UUID, runs beside this host. */
export interface SameVm {
  host: string
  /** 'before': the host does not answer, and the VM ran when it last did. */
  runs: 'now' | 'before'
}

/** The other host on which the same VM runs: a cold standby is defined on both, and so is one whose migration was broken off. */
export async function findSameVm(host: Host, uuid: string): Promise<SameVm | null> {
  const all = await Promise.all(
    [...hosts().values()].filter((each) => each !== host).map((other) => lookAt(other, uuid)),
  )
  const running = all.filter((each) => each !== null)
  return running.find(({ runs }) => runs === 'now') ?? running[0] ?? null
}

/** From the list, which answers also where the VM's own QEMU hangs. */
async function lookAt(other: Host, uuid: string): Promise<SameVm | null> {
  other.inventory.expire()
  const isRunning = (vms: readonly KnownVm[]) => vms.some((vm) => vm.uuid === uuid && vm.running)
  const listed = other.inventory.vms().catch((error: unknown) => {
    if (isUnreachable(error)) return null
    throw error
  })
  const now = await within(listed, OTHER_WAIT_MS, null)
  if (now !== null) return isRunning(now) ? { host: other.name, runs: 'now' } : null
  return isRunning(other.inventory.lastKnown) ? { host: other.name, runs: 'before' } : null
}

/** What a start would risk. That both have the same files is not known here: where it is, the start is refused. */
export const sameVmRisk = (vmName: string, { host, runs }: SameVm): string =>
  runs === 'now'
    ? `The same VM runs on ${host}. If its disks there are the same files, both would write to them and destroy what is on them; if they are copies, two machines with one identity and one network address run. Stop ${vmName} on ${host} first.`
    : `${host} does not answer, and the same VM ran there when it last did. If it still runs and has the same files, both would write to them and destroy what is on them. Make sure first that ${vmName} is off there.`
