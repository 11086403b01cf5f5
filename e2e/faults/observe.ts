import { run } from '../../lib/testing/lab/run-command.ts'
import { type FaultGuest, NAME } from './fault-guest.ts'
import { fileOf } from './saved-scene.ts'

/** What libvirt and the images say, asked past Keyframe. Paths, base first. */
export type Reality = {
  vmState: string
  chains: { vda: string[]; vdb: string[] }
  snapshots: { name: string; frozen: { target: string; path: string }[] }[]
}

/** The files below an image and itself, base first. */
export async function backingChain(path: string): Promise<string[]> {
  const layers = JSON.parse(
    await run('qemu-img', ['info', '-U', '--backing-chain', '--output=json', path]),
  ) as { filename: string }[]
  return layers.map((layer) => layer.filename).reverse()
}

export async function readReality(guest: FaultGuest): Promise<Reality> {
  const { lab } = guest
  const [vmState, xml, list] = await Promise.all([
    guest.state(),
    lab.virsh('dumpxml', NAME),
    lab.virsh('snapshot-list', NAME, '--name', '--topological'),
  ])
  const names = list.split('\n').filter((name) => name !== '')
  const [vda, vdb, ...snapshots] = await Promise.all([
    backingChain(fileOf(xml, 'vda')),
    backingChain(fileOf(xml, 'vdb')),
    ...names.map(async (name) => {
      const snapshot = await lab.virsh('snapshot-dumpxml', NAME, name)
      const then = snapshot.slice(snapshot.indexOf('<domain'))
      return { name, frozen: ['vda', 'vdb'].map((target) => ({ target, path: fileOf(then, target) })) }
    }),
  ])
  return { vmState, chains: { vda, vdb }, snapshots }
}
