import { posix } from 'node:path'
import type { FilePermissions, ImageReading } from '../hosts/image-files.ts'
import { isOlder } from '../hosts/host-versions.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { refusedIf } from './checks.ts'
import type { PlanCheck } from './types.ts'

const OWNER_WRITE = 0o200
const GROUP_WRITE = 0o020
const OTHERS_WRITE = 0o002

/** Who QEMU is, as far as libvirt tells. */
interface QemuUser {
  uid: number | null
  gid: number | null
  /** libvirt gives a file to this user before QEMU opens it (DAC driver of the system daemon). */
  relabels: boolean
}

/** What is known of the files and folders that a plan writes to. Pure data. */
export interface AccessFacts {
  files: Readonly<Record<string, ImageReading>>
  folders: Readonly<Record<string, { permissions: FilePermissions | null }>>
}

type ConfinedVm = Pick<KnownVm, 'name' | 'description'>

/** A write into a layer that QEMU has open to read only: a commit. */
export interface WriteBelow {
  libvirtVersion: string
  running: boolean
  /** The layer that is written to; null: none is but the active one. */
  into: string | null
}

/** The file that tells whose QEMU is where libvirt does not: one that a disk writes to. */
const writtenFile = (vm: ConfinedVm): string | null =>
  vm.description?.disks.find((disk) => disk.path !== null && !disk.readonly)?.path ?? null

function qemuUser(vm: ConfinedVm, { files }: AccessFacts): QemuUser {
  const dac = vm.description?.securityLabels.find((label) => label.model === 'dac')
  const ids = /^\+?(\d+):\+?(\d+)$/.exec(dac?.label ?? '')
  if (dac && ids) return { uid: Number(ids[1]), gid: Number(ids[2]), relabels: dac.relabel }
  // A session daemon has no DAC labels: its QEMU is the user that owns what it writes to now.
  const reading = files[writtenFile(vm) ?? '']
  return {
    uid: reading?.kind === 'found' ? (reading.permissions?.owner ?? null) : null,
    gid: reading?.kind === 'found' ? (reading.permissions?.group ?? null) : null,
    relabels: false,
  }
}

/** Why this user can't write; null when it can, or when that is not known. Pure. */
export function refuseWrite(
  path: string,
  permissions: FilePermissions | null,
  user: QemuUser,
): string | null {
  if (!permissions || user.uid === 0) return null
  const { mode, owner, group } = permissions
  const octal = mode.toString(8).padStart(4, '0')
  if (user.relabels || owner === user.uid)
    return (mode & OWNER_WRITE) === 0
      ? `${path} is write-protected for its owner (mode ${octal}): chmod u+w ${path}`
      : null
  if (user.uid === null) return null
  if ((mode & OTHERS_WRITE) !== 0 || (group === user.gid && (mode & GROUP_WRITE) !== 0)) return null
  return `${path} belongs to user ${owner} (mode ${octal}), and QEMU runs as user ${user.uid}: chown ${user.uid} ${path}`
}

/** Whether QEMU may write to these files and make files in these folders. Labels of AppArmor and SELinux: checkLabels. Pure. */
export function accessCheck(
  vm: ConfinedVm,
  facts: AccessFacts,
  files: readonly string[],
  folders: readonly string[],
): PlanCheck {
  const user = qemuUser(vm, facts)
  const refusals = [
    ...files.map((path) => {
      const reading = facts.files[path]
      return reading?.kind === 'found' ? refuseWrite(path, reading.permissions, user) : null
    }),
    // The system daemon makes files as root; a session's own user must be let in.
    ...(user.relabels
      ? []
      : folders.map((folder) => refuseWrite(folder, facts.folders[folder]?.permissions ?? null, user))),
  ]
  const refusal = refusals.find((each) => each !== null)
  const [sentence, remedy] = refusal
    ? [refusal.slice(0, refusal.lastIndexOf(': ')), refusal.slice(refusal.lastIndexOf(': ') + 2)]
    : [null, null]
  return refusedIf(
    'permissions',
    sentence === null ? null : `${sentence}.`,
    files.length + folders.length === 1
      ? `QEMU may write to ${[...files, ...folders][0]}.`
      : 'QEMU may write to every file and folder concerned.',
    remedy === null ? null : `On the host: ${remedy}`,
  )
}

/**
 * AppArmor and SELinux, as far as libvirt tells: a confined VM whose labels libvirt does not manage can't open new layers. A
 * commit of a running VM is warned of, not refused: what its profile says of the layer is not known, and a number refuses nothing.
 */
export function checkLabels(vm: ConfinedVm, write: WriteBelow | null = null): PlanCheck {
  const confined = (vm.description?.securityLabels ?? []).filter(
    (label) => label.model === 'apparmor' || label.model === 'selinux',
  )
  const fixed = confined.find((label) => !label.relabel)
  if (fixed)
    return {
      name: 'security labels',
      verdict: 'warn',
      sentence: `${vm.name} has a ${fixed.model} label that libvirt does not manage (relabel='no'): it can’t open a layer that its profile does not name.`,
      remedy: `Let its profile or context cover the folder of its images, or take relabel='no' out of its XML.`,
    }
  const denied = write && deniedBelow(confined, write)
  if (denied)
    return {
      name: 'security labels',
      verdict: 'warn',
      sentence: denied,
      remedy:
        'Pull up instead, which writes to the active layer alone. From libvirt 12.1 on a commit is allowed.',
    }
  if (confined.length > 0)
    return {
      name: 'security labels',
      verdict: 'ok',
      sentence: `libvirt adds each layer to the ${confined.map((label) => label.model).join(' and ')} label of ${vm.name} before QEMU opens it.`,
      remedy: null,
    }
  return {
    name: 'security labels',
    verdict: 'ok',
    sentence: `libvirt reports neither AppArmor nor SELinux for ${vm.name}.`,
    remedy: null,
  }
}

/** libvirt work item 806: before 12.1 virt-aa-helper writes “deny w” for each layer below, which no later permission lifts. */
function deniedBelow(
  labels: readonly { model: string }[],
  { libvirtVersion, running, into }: WriteBelow,
): string | null {
  const isDenied =
    running &&
    into !== null &&
    isOlder(libvirtVersion, 12, 1) &&
    labels.some(({ model }) => model === 'apparmor')
  return isDenied
    ? `libvirt ${libvirtVersion} with AppArmor denies QEMU the write to a layer that was below the disk when the VM started. If ${posix.basename(into)} was, the commit fails at its beginning and nothing changes.`
    : null
}
