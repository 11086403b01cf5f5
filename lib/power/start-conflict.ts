import 'server-only'
import { posix } from 'node:path'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { hostByName } from '../hosts/registry.ts'
import { readFileUsers, type FoundUse } from '../storage/file-users.ts'

/** A disk of a VM that is off, which another VM that runs has open. */
export interface OpenDisk {
  path: string
  target: string
  /** Set where the other VM is on another host. */
  otherHost: string | null
  vmName: string
  /** The other VM is the same one by its UUID, defined on both hosts. */
  isSame: boolean
  isSure: boolean
  /** Its host does not answer: it ran with that disk when the host last did. */
  isStale: boolean
}

/** QEMU locks each file that it opens, unless it was told that others may write to it as well. */
const isLocked = ({ path, device, readonly, shareable }: XmlDisk): boolean =>
  path?.startsWith('/') === true && (device === 'disk' || device === 'lun') && !readonly && !shareable

/** The disk that keeps a VM from its start because another VM has it open; one that is sure before one that may be. */
export async function findOpenDisk(host: Host, vm: KnownVm): Promise<OpenDisk | null> {
  const disks = (vm.description?.disks ?? []).filter(isLocked)
  if (disks.length === 0) return null
  const users = await readFileUsers(
    host,
    disks.map(({ path }) => path!),
    'now',
  )
  const isUp = (name: string) => hostByName(name)?.connection.status.status === 'up'
  return openDiskOf(host.name, vm.uuid, disks, users.of, isUp)
}

/** Pure. What a host that is down said before is not sure: a start elsewhere is what one wants after its crash. */
export function openDiskOf(
  host: string,
  vmUuid: string,
  disks: readonly Pick<XmlDisk, 'target' | 'path'>[],
  usesOf: (path: string) => readonly FoundUse[],
  isUp: (host: string) => boolean,
): OpenDisk | null {
  const open = disks.flatMap(({ path }) =>
    usesOf(path!)
      .filter((use) => use.running && use.kind === 'disk' && !(use.host === host && use.vmUuid === vmUuid))
      .map((use) => ({
        path: path!,
        target: use.target ?? '',
        otherHost: use.host === host ? null : use.host,
        vmName: use.vmName,
        isSame: use.vmUuid === vmUuid,
        isSure: use.isSure && isUp(use.host),
        isStale: use.isSure && !isUp(use.host),
      })),
  )
  return open.find(({ isSure }) => isSure) ?? open.find(({ isStale }) => isStale) ?? open[0] ?? null
}

export const isKnownOpen = (open: OpenDisk | null): open is OpenDisk => open?.isSure === true

/** Why the VM can't be started, and what to do. */
export function openSentence(
  vmName: string,
  { path, target, otherHost, isSame, isSure, ...other }: Omit<OpenDisk, 'isStale'>,
): string {
  const who = `${other.vmName}${otherHost === null ? '' : ` on ${otherHost}`}`
  const what = `${posix.basename(path)} (${target})`
  if (isSure && isSame)
    return `${vmName} can’t be started: the same VM runs on ${otherHost} and uses ${what}. Stop it there first, or migrate it.`
  return isSure
    ? `${vmName} can’t be started: ${who} runs and uses ${what}. Stop ${other.vmName} first, or give one of the two a copy of its own.`
    : `${vmName} can’t be started: a file of its disks is open elsewhere. Perhaps ${who} uses it, which runs with a file of the same name, ${what}.`
}

/** What the start of a VM would risk whose disk a VM of a host that does not answer had open. */
export const staleRisk = (vmName: string, { path, target, otherHost, ...other }: OpenDisk): string =>
  `${otherHost} does not answer, and ${other.vmName} ran there with ${posix.basename(path)} (${target}) when it last did. If it still runs, both would write to that file and destroy what is on it. Make sure first that ${other.vmName} is off there, then start ${vmName}.`
