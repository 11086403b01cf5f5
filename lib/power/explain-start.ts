import { posix } from 'node:path'
import type { KnownVm } from '../hosts/inventory.ts'
import { isTooDeepToStart, START_LAYERS_MAXIMUM } from '../hosts/start-depth.ts'
import { openSentence, type OpenDisk } from './start-conflict.ts'

/** QEMU 10.0, block/file-posix.c: “Failed to get "write" lock”, and on the next line the file, where it is known. */
const LOCK = /Failed to get (?:shared )?"[^"]*" lock(?:\s+Is another process using the image \[([^\]]+)\])?/
/** libvirt 11.3, virStorageSourceReportBrokenChain. */
const NO_ACCESS =
  /Cannot access (?:storage|backing) file '([^']+)'(?: of storage file '[^']+')?(?: \(as uid:\d+, gid:\d+\))?: (.+)/

/**
 * Why libvirt did not start a VM, in our words with what to do; null where we have none. `findOpen` asks who has its disks: only
 * after a lock that was held.
 */
export async function explainStart(
  message: string,
  { name, description }: Pick<KnownVm, 'name' | 'description'>,
  findOpen: () => Promise<OpenDisk | null>,
): Promise<string | null> {
  if (isTooDeepToStart(message))
    return `${name} can’t be started: a disk has more than the ${START_LAYERS_MAXIMUM} layers that libvirt can start. Check & repair on its page shortens the chain; no data is lost.`
  const lock = LOCK.exec(message)
  if (lock) {
    const open = await findOpen()
    return open ? openSentence(name, open) : lockedBySomebody(name, lock[1])
  }
  const noAccess = NO_ACCESS.exec(message)
  return noAccess ? noAccessTo(name, description, noAccess[1]!, noAccess[2]!) : null
}

const lockedBySomebody = (vmName: string, path: string | undefined): string =>
  `${vmName} can’t be started: another process has ${path === undefined ? 'a file of its disks' : posix.basename(path)} open, and no VM that Keyframe knows of has it: qemu-img perhaps, or an NBD server. Find it on the host with lsof or fuser, and end it first.`

function noAccessTo(vmName: string, description: KnownVm['description'], path: string, why: string): string {
  const disk = description?.disks.find((each) => each.path === path)
  const file = `${path}${disk ? ` (${disk.target})` : ', which a layer of its disks stands on,'}`
  return /no such file/i.test(why)
    ? `${vmName} can’t be started: there is no file ${file} on the host. Put it back, or restore the disk from a backup.`
    : `${vmName} can’t be started: libvirt may not use ${file}: ${why}.`
}
