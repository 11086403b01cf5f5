import type { Lab } from '../lib/testing/lab/lab.ts'

/** What Keyframe makes in libvirt for the time of a backup or a restore: domains, and pools on the target's directories. */
export async function transients(lab: Lab, target: string): Promise<string[]> {
  const own = (list: string) =>
    list
      .split('\n')
      .map((line) => line.trim())
      .filter((name) => name.startsWith('keyframe-'))
  const [domains, pools] = await Promise.all([
    lab.virsh('list', '--all', '--name'),
    lab.virsh('pool-list', '--all', '--name'),
  ])
  // One that ends in this moment has no XML any more.
  const places = await Promise.all(
    own(pools).map((pool) =>
      lab.virsh('pool-dumpxml', pool).then(
        (xml) => /<path>(.*)<\/path>/.exec(xml)![1]!,
        () => '',
      ),
    ),
  )
  return [...own(domains), ...places.filter((path) => path === target || path.startsWith(`${target}/`))]
}

/** Names of the VM's checkpoints, others' included. */
export async function checkpointsOf(lab: Lab, vm: string): Promise<string[]> {
  return (await lab.virsh('checkpoint-list', '--domain', vm, '--name'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .sort()
}
