import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, statSync } from 'node:fs'

/**
 * Who libvirtd and the guests run as. libvirtd run as root is always the system daemon, so root steps down.
 * To `nobody`: its line in passwd is on every machine (libvirtd refuses a uid without one), nothing is added to
 * the machine, and unlike `libvirt-qemu` it can't open the images of the machine's own libvirt.
 */
export type LabUser = {
  uid: number
  gid: number
  /** The start of a command line that runs the rest of it as this user. */
  prefix: string[]
  /** Gives a file that root made to this user. */
  own: (path: string) => void
}

const NOBODY = 'nobody'

function idOf(what: '-u' | '-g'): number {
  return Number(execFileSync('id', [what, NOBODY], { encoding: 'utf8' }))
}

export function labUser(): LabUser {
  const self = process.getuid!()
  if (self !== 0) return { uid: self, gid: process.getgid!(), prefix: [], own: () => {} }
  const uid = idOf('-u')
  const gid = idOf('-g')
  // KVM where there is one: its device belongs to a group that nobody is not in.
  const groups = existsSync('/dev/kvm') ? ['--groups', String(statSync('/dev/kvm').gid)] : ['--clear-groups']
  return {
    uid,
    gid,
    prefix: ['setpriv', '--reuid', String(uid), '--regid', String(gid), ...groups],
    own: (path) => chownSync(path, uid, gid),
  }
}
