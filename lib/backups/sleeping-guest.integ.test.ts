import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hostByName } from '../hosts/registry.ts'
import { backupActs, makeTarget } from '../testing/backup-acts.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { acts, guestFlushes, guestWrites, HOST } from '../testing/in-process.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { disk, startOnLab } from '../testing/on-lab.ts'

/** A freeze that is tried takes at least as long as libvirt waits for an agent. */
const AT_ONCE_MS = 4_500
const { lab, keyframe } = await startOnLab('sleeping')
let target: Awaited<ReturnType<typeof makeTarget>>
let number = 0
let name: string
let uuid: string
let vm: ReturnType<typeof acts>

beforeAll(async () => {
  target = await makeTarget(lab, 'nightly')
})

/** Awake, one qcow2 disk; somebody could freeze it, to judge by its XML. */
beforeEach(async () => {
  name = `s${++number}`
  await lab.defineGuest({ name, system: 'sleeper', agent: 'dead', disks: [disk('qcow2')] })
  await lab.startGuest(name)
  uuid = await keyframe.uuid(name)
  vm = acts(keyframe, uuid)
})

const state = async () => (await lab.virsh('domstate', name)).trim()
const path = (file: string) => join(lab.imagesDir, file)
async function fallAsleep() {
  await waitUntil(
    async () => {
      await lab.virsh('send-key', '--domain', name, 'KEY_ENTER').catch(() => undefined)
      return (await state()) === 'pmsuspended'
    },
    { limitMs: 30_000, what: `The sleep of ${name}` },
  )
  hostByName(HOST)!.changed(uuid)
}
/** One overlay; the base holds 0x10 in its MiB 1, the overlay 0x11 in its MiB 2. */
async function twoLayers() {
  await guestWrites(lab, name, 0, 0x10, 1)
  expect(await vm.snapshot({ name: 's', disks: ['vda'] })).toMatchObject({ status: 'succeeded' })
  await guestWrites(lab, name, 0, 0x11, 2)
  await guestFlushes(lab, name, 1)
}
const dataIsWhole = async (file: string) =>
  expect([await patternAt(path(file), 'qcow2', 1), await patternAt(path(file), 'qcow2', 2)]).toEqual([
    0x10, 0x11,
  ])
const option = async (direction: 'commit' | 'pull') =>
  (await vm.plan({ target: 'vda' })).find((each) => each.direction === direction)!

describe('N29: a guest that fell asleep by its own power management', () => {
  it('is shown as such, is not resumed, and is woken up', async () => {
    await fallAsleep()
    const { readHost } = await import('../hosts/read-hosts.ts')
    const shown = (await readHost(hostByName(HOST)!)).vms.find((each) => each.uuid === uuid)!
    expect([shown.state, shown.stateReason]).toEqual(['pmsuspended', 'by its own power management'])
    await expect(vm.power('resume')).rejects.toThrow(
      'A VM that is asleep by its own power management can’t be resumed.',
    )
    const job = await vm.power('wake-up')
    expect(job).toMatchObject({ status: 'succeeded', title: 'Wake up', result: [`${name} was woken up.`] })
    expect(await state()).toBe('running')
    await expect(vm.power('wake-up')).rejects.toThrow('A VM that is running can’t be woken up.')
  })

  it('can be forced off', async () => {
    await fallAsleep()
    expect(await vm.power('force-off')).toMatchObject({ status: 'succeeded' })
    expect(await state()).toBe('shut off')
  })

  it('a snapshot is refused before anything is done, whatever quiesce is, and its plan says why', async () => {
    await fallAsleep()
    const files = readdirSync(lab.imagesDir)
    for (const quiesce of ['off', 'auto', 'required'] as const)
      await expect(vm.snapshot({ name: 's', disks: ['vda'], quiesce })).rejects.toThrow(
        /asleep by its own power management.*Wake it up first/,
      )
    const { readCreatePlan } = await import('../snapshots/read-create-situation.ts')
    const question = { disks: ['vda'], quiesce: 'auto' as const, overlayDirectory: null }
    const { checks } = await readCreatePlan(HOST, uuid, question)
    expect(checks.find((check) => check.name === 'state')).toMatchObject({
      verdict: 'refused',
      sentence: expect.stringMatching(/asleep.*Wake it up first/) as string,
    })
    expect([readdirSync(lab.imagesDir), await state()]).toEqual([files, 'pmsuspended'])
  })

  it('also when it fell asleep after that was looked at', async () => {
    await fallAsleep()
    const { takeSnapshot } = await import('../snapshots/take-snapshot.ts')
    const request = {
      name: 's',
      description: '',
      quiesce: 'auto' as const,
      disks: [{ target: 'vda', overlayPath: path(`${name}-vda.s`) }],
    }
    await expect(takeSnapshot(hostByName(HOST)!, uuid, request)).rejects.toThrow(
      /^No snapshot was taken: .*asleep/,
    )
    expect(existsSync(path(`${name}-vda.s`))).toBe(false)
  })

  it('a backup by copy is refused with the reason; a pushed one is made, without trying to freeze', async () => {
    await guestWrites(lab, name, 0, 0x10, 1)
    await fallAsleep()
    const backups = backupActs(keyframe, uuid, target)
    await expect(backups.start({ method: 'copy', quiesce: 'auto' })).rejects.toThrow(
      /A copy rests on a snapshot.*asleep.*incremental backup can be taken/,
    )
    await expect(backups.start({ quiesce: 'required' })).rejects.toThrow(/asleep by its own power management/)
    const beganMs = Date.now()
    const backup = await backups.made({ quiesce: 'auto' })
    expect(Date.now() - beganMs).toBeLessThan(AT_ONCE_MS)
    expect([backup.manifest.frozen, backup.manifest.consistency]).toEqual([
      false,
      expect.stringMatching(/not frozen: the VM is asleep by its own power management/),
    ])
    expect(await patternAt(backups.file(backup, 'vda.qcow2'), 'qcow2', 1)).toBe(0x10)
    expect(await state()).toBe('pmsuspended')
  })

  it('is merged down as it lies; a pull is refused, for nothing would make it safe', async () => {
    await twoLayers()
    await fallAsleep()
    expect((await option('pull')).refusal).toMatch(/asleep by its own power management.*Wake it up first/)
    expect(await vm.merge([await option('commit')])).toMatchObject({ status: 'succeeded', error: null })
    expect([await vm.files('vda'), await state()]).toEqual([[`${name}-vda.qcow2`], 'pmsuspended'])
    await dataIsWhole(`${name}-vda.qcow2`)
  })

  it('at the end of a pull: it stays asleep, no old layer goes, and the same job ends once it is awake', async () => {
    await twoLayers()
    // Without the snapshot nothing but the pull's own safety keeps the base.
    await lab.virsh('snapshot-delete', '--domain', name, 's', '--metadata')
    const base = path(`${name}-vda.qcow2`)
    const pull = await option('pull')
    expect(pull.removedFiles).toEqual([base])
    const { onBoundary } = await import('../jobs/boundaries.ts')
    onBoundary(async ({ step, at }) => {
      if (step !== 'flush vda' || at !== 'before') return
      onBoundary(null)
      await fallAsleep()
    })
    const job = await vm.merge([pull])
    expect(job.error).toMatch(
      /not made safe yet.*asleep by its own power management: wake it up first.*No file was removed/,
    )
    expect([await state(), existsSync(base)]).toEqual(['pmsuspended', true])
    expect(await vm.power('wake-up')).toMatchObject({ status: 'succeeded', error: null })
    const { chooseWayOut } = await import('../jobs/choose-way-out.ts')
    await chooseWayOut({ jobId: job.id, act: 'retry' })
    expect(await keyframe.ended({ jobId: job.id })).toMatchObject({ status: 'succeeded', error: null })
    expect([await vm.files('vda'), await state(), existsSync(base)]).toEqual([
      [`${name}-vda.s`],
      'running',
      false,
    ])
    await dataIsWhole(`${name}-vda.s`)
  })
})
