import { rmSync } from 'node:fs'
import { median } from '../../lib/node-libvirt/bench/compare.ts'
import { acts, HOST, startKeyframe } from '../../lib/testing/in-process.ts'
import { WEB } from '../../lib/testing/lab/guest.ts'
import { type Lab } from '../../lib/testing/lab/lab.ts'
import { defineSavedGuest } from '../../lib/testing/lab/saved-guest.ts'
import { type Line } from './table.ts'

const ROUNDS = 9
const AIM = { atMost: 1.1 }

type Way = 'virsh' | 'function' | 'job'

/** Commits the overlays away and forgets the snapshot: every round starts from a chain of one layer. */
async function flatten(lab: Lab, snapshot: string): Promise<void> {
  for (const { target } of lab.guests[WEB.name]!.disks) {
    const overlay = await activeFile(lab, target)
    await lab.virsh('blockcommit', WEB.name, target, '--active', '--pivot', '--wait')
    rmSync(overlay)
  }
  await lab.virsh('snapshot-delete', WEB.name, snapshot, '--metadata')
}

async function activeFile(lab: Lab, target: string): Promise<string> {
  const line = (await lab.virsh('domblklist', WEB.name))
    .split('\n')
    .map((each) => each.trim().split(/\s+/))
    .find(([name]) => name === target)
  return line![1]!
}

/** (b) A quiesced snapshot of two disks by Keyframe's function and by its whole job, beside virsh on the same guest. */
export async function benchSnapshot(lab: Lab): Promise<Line[]> {
  await defineSavedGuest(lab, WEB)
  await lab.startGuest(WEB.name)
  const keyframe = await startKeyframe(lab)
  const { takeSnapshot } = await import('../../lib/snapshots/take-snapshot.ts')
  const { hostByName } = await import('../../lib/hosts/registry.ts')
  try {
    const uuid = await keyframe.uuid(WEB.name)
    const host = hostByName(HOST)!
    const targets = lab.guests[WEB.name]!.disks.map((disk) => disk.target)
    const ways: Record<Way, (name: string) => Promise<number>> = {
      virsh: (name) =>
        timed(() => lab.virsh('snapshot-create-as', WEB.name, name, '--disk-only', '--atomic', '--quiesce')),
      function: (name) =>
        timed(() =>
          takeSnapshot(host, uuid, {
            name,
            description: '',
            quiesce: 'required',
            disks: targets.map((target) => ({
              target,
              overlayPath: `${lab.imagesDir}/${WEB.name}-${target}.${name}`,
            })),
          }),
        ),
      async job(name) {
        const startedAtMs = Date.now()
        const job = await acts(keyframe, uuid).snapshot({ name, disks: targets, quiesce: 'required' })
        if (job.status !== 'succeeded')
          throw new Error(`The snapshot job ended as ${job.status}: ${job.error}`)
        // As recorded: `acts` itself looks only now and then.
        return job.endedAtMs! - startedAtMs
      },
    }
    const times: Record<Way, number[]> = { virsh: [], function: [], job: [] }
    const virshStarts: number[] = []
    for (let round = -1; round < ROUNDS; round++) {
      for (const way of ['virsh', 'function', 'job'] as const) {
        const name = `${way}-${round + 1}`
        const tookMs = await ways[way](name)
        if (round >= 0) times[way].push(tookMs)
        await flatten(lab, name)
      }
      virshStarts.push(await timed(() => lab.virsh('domstate', WEB.name)))
    }
    const peer = { peer: median(times.virsh), peerName: 'virsh snapshot-create-as', unit: 'ms', aim: AIM }
    const note = `of virsh's time about ${median(virshStarts).toFixed(0)} ms are its start and connection (virsh domstate)`
    return [
      { what: 'quiesced snapshot, takeSnapshot', keyframe: median(times.function), ...peer, note },
      { what: 'quiesced snapshot, whole job', keyframe: median(times.job), ...peer },
    ]
  } finally {
    await keyframe.stop()
    await lab.virsh('destroy', WEB.name)
  }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await run()
  return performance.now() - startedMs
}
