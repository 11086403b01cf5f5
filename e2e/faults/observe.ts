import { run } from '../lab/run-command.ts'
import { type FaultGuest, NAME } from './fault-guest.ts'
import { fileOf } from './saved-scene.ts'

/** What libvirt and the images say, asked past Keyframe. Paths, base first. */
export type Reality = {
  vmState: string
  chains: { vda: string[], vdb: string[] }
  snapshots: { name: string, frozen: { target: string, path: string }[] }[]
}

/** The files below an image and itself, base first. */
export async function backingChain(path: string): Promise<string[]> {
  const layers = JSON.parse(await run('qemu-img', ['info', '-U', '--backing-chain', '--output=json', path])) as { filename: string }[]
  return layers.map((layer) => layer.filename).reverse()
}

export async function readReality(guest: FaultGuest): Promise<Reality> {
  const { lab } = guest
  const vmState = await guest.state()
  const xml = await lab.virsh('dumpxml', NAME)
  const names = (await lab.virsh('snapshot-list', NAME, '--name', '--topological')).split('\n').filter((name) => name !== '')
  const snapshots = []
  for (const name of names) {
    const snapshot = await lab.virsh('snapshot-dumpxml', NAME, name)
    const then = snapshot.slice(snapshot.indexOf('<domain'))
    snapshots.push({ name, frozen: ['vda', 'vdb'].map((target) => ({ target, path: fileOf(then, target) })) })
  }
  return { vmState, chains: { vda: await backingChain(fileOf(xml, 'vda')), vdb: await backingChain(fileOf(xml, 'vdb')) }, snapshots }
}
