import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { planMerge } from '../merges/plan-merge.ts'
import { hideNames } from '../situation/hide-names.ts'
import { readSituation } from '../situation/read-situation.ts'
import type { Recorded } from '../situation/recorded/recorded.ts'
import { acts, guestWrites, HOST } from '../testing/in-process.ts'
import type { GuestDisk } from '../testing/lab/guest.ts'
import { run } from '../testing/lab/run-command.ts'
import { makeImage } from '../testing/make-image.ts'
import { disk, startOnLab } from '../testing/on-lab.ts'
import { planDelete } from './plan-delete.ts'
import { planRevert } from './plan-revert.ts'

/**
 * What the lab's libvirt really answers in a state, beside what the plan says of it: a plan refuses no less than libvirt, and where
 * it refuses more, the reason stands here. With KEYFRAME_RECORD set the states are written to lib/situation/recorded, where a
 * unit test plans on them again.
 */
const { lab, keyframe } = await startOnLab('libvirt-answers')
let number = 0
let name: string
let uuid: string
let vm: ReturnType<typeof acts>
const path = (file: string) => join(lab.imagesDir, file)

async function guest(disks: GuestDisk[] = [disk('qcow2', 8)], isStarted = true) {
  name = `r${++number}`
  await lab.defineGuest({ name, system: 'none', disks })
  if (isStarted) await lab.startGuest(name)
  uuid = await keyframe.uuid(name)
  vm = acts(keyframe, uuid)
}
const snap = (snapshot: string) => lab.virsh('snapshot-create-as', name, snapshot, '--disk-only', '--atomic')
const second = () => new Promise((resolve) => setTimeout(resolve, 1_100))
const revert = async (snapshot: string) => {
  await second()
  await lab.virsh('snapshot-revert', name, snapshot)
}
const commit = (...rest: string[]) => lab.virsh('blockcommit', name, 'vda', '--wait', ...rest)

/** s1 – s2 – s3, the VM runs above s3. */
async function line() {
  await guest()
  for (const [index, snapshot] of ['s1', 's2', 's3'].entries()) {
    await guestWrites(lab, name, 0, 0x11 + index, index)
    await snap(snapshot)
  }
}

async function off() {
  await line()
  await lab.virsh('destroy', name)
}
async function paused() {
  await line()
  await lab.virsh('suspend', name)
}
/** A VM that is off, on an image that stands on this one. */
async function cloneOn(below: string) {
  const clone = await makeImage(lab, `${name}-clone.qcow2`, { below })
  await lab.defineGuest({ name: `${name}c`, system: 'none', disks: [{ format: 'qcow2', path: clone }] })
}

interface State {
  name: string
  make: () => Promise<void>
  act: Recorded['act']
  /** virsh's own way to do it. */
  virsh: () => Promise<unknown>
  /** Where libvirt does it and the plan refuses all the same: what would be lost. */
  saferBecause?: string
}

const remove = (snapshot: string, ...rest: string[]) => ({
  act: { kind: 'delete' as const, snapshot },
  virsh: () => lab.virsh('snapshot-delete', name, snapshot, ...rest),
})
const goBack = (snapshot: string) => ({
  act: { kind: 'revert' as const, snapshot },
  virsh: () => lab.virsh('snapshot-revert', name, snapshot, '--running'),
})
const merge = (direction: 'commit' | 'pull', virsh: () => Promise<unknown>) => ({
  act: { kind: 'merge' as const, target: 'vda', direction },
  virsh,
})
const pull = () => lab.virsh('blockpull', name, 'vda', '--wait')

const STATES: State[] = [
  { name: 'delete-leaf', make: line, ...remove('s3') },
  { name: 'delete-middle', make: line, ...remove('s2') },
  { name: 'delete-oldest', make: line, ...remove('s1') },
  {
    name: 'delete-off',
    make: off,
    ...remove('s2'),
  },
  {
    name: 'delete-paused',
    make: paused,
    ...remove('s2'),
  },
  {
    name: 'delete-off-the-chain',
    make: async () => {
      await line()
      await revert('s1')
    },
    ...remove('s2'),
  },
  {
    name: 'delete-leaf-off-the-chain',
    make: async () => {
      await line()
      await revert('s1')
    },
    ...remove('s3'),
  },
  {
    name: 'delete-two-children',
    make: async () => {
      await line()
      await revert('s1')
      await snap('s4')
    },
    ...remove('s1'),
  },
  {
    name: 'delete-current-with-a-branch',
    make: async () => {
      await line()
      await revert('s2')
    },
    ...remove('s2'),
  },
  {
    name: 'delete-merged-by-hand',
    make: async () => {
      await line()
      await commit('--active', '--pivot')
    },
    ...remove('s2'),
  },
  {
    name: 'delete-internal',
    make: async () => {
      await guest(undefined, false)
      await lab.virsh('snapshot-create-as', name, 's1')
    },
    ...remove('s1'),
  },
  { name: 'revert-disk-only', make: line, ...goBack('s2') },
  {
    name: 'revert-off',
    make: off,
    ...goBack('s1'),
  },
  {
    name: 'revert-volume',
    make: async () => {
      name = `r${number + 1}`
      await makeImage(lab, `${name}-v.qcow2`)
      await lab.virsh('pool-list', '--all')
      await lab.virsh('pool-refresh', await pool())
      await guest([{ format: 'qcow2', volume: { pool: await pool(), name: `${name}-v.qcow2` } }])
      await lab.virsh(
        'snapshot-create-as',
        name,
        's1',
        '--disk-only',
        '--diskspec',
        `vda,file=${path(`${name}.s1`)}`,
      )
    },
    ...goBack('s1'),
  },
  { name: 'commit-active', make: line, ...merge('commit', () => commit('--active', '--pivot')) },
  { name: 'pull-all', make: line, ...merge('pull', pull) },
  {
    name: 'commit-off',
    make: off,
    ...merge('commit', () => commit('--active', '--pivot')),
  },
  {
    name: 'commit-paused',
    make: paused,
    ...merge('commit', () => commit('--active', '--pivot')),
  },
  {
    name: 'pull-paused',
    make: paused,
    ...merge('pull', pull),
    saferBecause:
      'what was pulled is only safe once the guest ran on: killed before, it is lost (merges/flush-pull.ts)',
  },
  {
    name: 'commit-under-a-clone-that-is-off',
    make: async () => {
      await line()
      await cloneOn(`${name}-vda.qcow2`)
    },
    ...merge('commit', () => commit('--active', '--pivot')),
    saferBecause: 'the clone would read what this VM wrote',
  },
  {
    name: 'delete-under-a-clone-that-is-off',
    make: async () => {
      await line()
      await cloneOn(`${name}-vda.s1`)
    },
    ...remove('s1'),
    saferBecause: 'libvirt unlinks the layer that the clone stands on',
  },
  {
    name: 'pull-with-a-snapshot-inside',
    make: async () => {
      await guest()
      await snap('s1')
      await lab.virsh('destroy', name)
      await run('qemu-img', ['snapshot', '-c', 'inside', path(`${name}-vda.s1`)])
      await lab.virsh('start', name)
    },
    ...merge('pull', pull),
    saferBecause: 'the snapshot inside reads what lies below its file',
  },
  {
    name: 'revert-to-internal-with-a-later-external',
    make: async () => {
      await guest(undefined, false)
      await lab.virsh('snapshot-create-as', name, 's1')
      await lab.virsh('start', name)
      await snap('s2')
    },
    ...goBack('s1'),
    saferBecause: 's2 stands on the image that the revert rewrites',
  },
]

async function pool(): Promise<string> {
  const pools = (await lab.virsh('pool-list', '--all', '--name')).split('\n').map((line) => line.trim())
  for (const each of pools.filter(Boolean))
    if ((await lab.virsh('pool-dumpxml', each)).includes(`<path>${lab.imagesDir}</path>`)) return each
  await lab.virsh('pool-define-as', 'answers', 'dir', '--target', lab.imagesDir)
  await lab.virsh('pool-start', 'answers')
  return 'answers'
}

it.each(STATES)('$name', async ({ name: state, make, act, virsh, saferBecause }) => {
  await make()
  await vm.chains()
  const situation = await readSituation(HOST, uuid)
  const refusal =
    act.kind === 'merge'
      ? planMerge(situation, { target: act.target }).find((each) => each.direction === act.direction)!.refusal
      : (act.kind === 'delete'
          ? planDelete(situation, { snapshot: act.snapshot, withChildren: false })
          : planRevert(situation, act.snapshot)
        ).refusal
  const words = await virsh().then(
    () => null,
    (error: Error) => [...error.message.matchAll(/error: (.*)/g)].at(-1)?.[1] ?? error.message,
  )
  expect(await lab.virsh('list', '--all', '--name'), 'libvirtd lives').toContain(name)
  if (process.env.KEYFRAME_RECORD) {
    const hidden = hideNames(situation)
    const at = situation.snapshots.findIndex((each) => act.kind !== 'merge' && each.name === act.snapshot)
    const record: Recorded = {
      libvirt: situation.host.libvirtVersion,
      source: 'tried in the lab',
      act: act.kind === 'merge' ? act : { ...act, snapshot: hidden.snapshots[at]!.name },
      libvirtRefuses: words,
      planRefuses: refusal !== null,
      saferBecause: saferBecause ?? null,
      situation: hidden,
    }
    const place = fileURLToPath(new URL(`../situation/recorded/${state}.json`, import.meta.url))
    writeFileSync(place, `${JSON.stringify(record, null, 1)}\n`)
  }
  if (words !== null) expect(refusal, `libvirt: ${words}`).not.toBeNull()
  else if (saferBecause === undefined) expect(refusal).toBeNull()
  else expect(refusal).not.toBeNull()
})
