import { type Lab } from '../lib/testing/lab/lab.ts'
import { qemuIo } from '../lib/testing/lab/qemu-io.ts'
import { testLab } from './under-test.ts'

const MIB = 1024 * 1024

/** A running guest with one snapshot, whose overlay holds 12 MiB of one byte: its merge lasts as long as the limit says. */
export async function guestWithOverlay(name: string): Promise<Lab> {
  const lab = testLab()
  await lab.defineGuest({ name, system: 'none', disks: [{ format: 'qcow2', virtualBytes: 32 * MIB }] })
  await lab.startGuest(name)
  await lab.virsh('snapshot-create-as', name, 's1', '--disk-only')
  await qemuIo(lab, name, 0, 'write -P 90 0 12M')
  return lab
}
