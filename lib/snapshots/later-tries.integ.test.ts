import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Boundary } from '../jobs/boundaries.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { acts, guestFlushes, guestWrites } from '../testing/in-process.ts'
import type { GuestDisk } from '../testing/lab/guest.ts'
import { makeImage } from '../testing/make-image.ts'
import { disk, startOnLab } from '../testing/on-lab.ts'

// What a person does hours after a job failed: Retry and Undo, when other tools were there in between.

const { lab, keyframe } = await startOnLab('later-tries')
let number = 0
let name: string
let uuid: string
let vm: ReturnType<typeof acts>

const path = (file: string) => join(lab.imagesDir, file)
const state = async () => (await lab.virsh('domstate', name)).trim()
const write = (pattern: number) => guestWrites(lab, name, 0, pattern, 0)
async function holds(): Promise<number | null> {
  const layer = (await vm.chains()).find((each) => each.target === 'vda')!.layers.at(-1)!
  return patternAt(layer.path, layer.format as 'raw' | 'qcow2', 0)
}
async function guest(more: GuestDisk[] = []) {
  name = `l${++number}`
  await lab.defineGuest({ name, system: 'none', disks: [disk('qcow2', 8), ...more] })
  await lab.startGuest(name)
  uuid = await keyframe.uuid(name)
  vm = acts(keyframe, uuid)
}
/** The job fails as it comes to this step. */
async function failAt(step: string) {
  const { onBoundary } = await import('../jobs/boundaries.ts')
  onBoundary((boundary: Boundary) =>
    boundary.step === step && boundary.at === 'before'
      ? Promise.reject(new Error(`stopped at ${step} by the test`))
      : Promise.resolve(),
  )
}
async function choose(jobId: string, act: 'retry' | 'undo') {
  const { onBoundary } = await import('../jobs/boundaries.ts')
  const { chooseWayOut } = await import('../jobs/choose-way-out.ts')
  onBoundary(null)
  return keyframe.ended(await chooseWayOut({ jobId, act }))
}
const offers = (job: { offers: { act: string }[] }) => job.offers.map(({ act }) => act)

afterEach(async () => (await import('../jobs/boundaries.ts')).onBoundary(null))

describe('undo of a revert', () => {
  it.each(['running', 'paused'] as const)(
    'Z4: gives back the data and the state, with a medium in the drive: %s',
    async (before) => {
      const iso = path(`l${number + 1}.iso`)
      writeFileSync(iso, Buffer.alloc(1 << 20, 0x5a))
      lab.user.own(iso)
      await guest([{ device: 'cdrom', target: 'sda', format: 'raw', path: iso }])
      await write(0x11)
      expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
      await write(0x22)
      if (before === 'paused') await lab.virsh('suspend', name)
      await failAt('settle')
      const failed = await vm.revert('s1', { safetySnapshot: true })
      expect([failed.status, offers(failed)]).toEqual(['failed', ['undo']])
      const undone = await choose(failed.id, 'undo')
      expect([undone.error, undone.status]).toEqual([null, 'cancelled'])
      expect(await state()).toBe(before)
      if (before === 'running') await guestFlushes(lab, name, 1)
      expect(await holds()).toBe(0x22)
      const safety = (await vm.snapshots()).find((each) => each.name.startsWith('before-revert-'))!
      for (const snapshot of ['s1', safety.name])
        expect(await lab.virsh('snapshot-dumpxml', name, snapshot)).toContain(`<source file='${iso}'`)
      expect(await lab.virsh('domblklist', name)).not.toContain('.iso')
    },
  )
})

describe('a later try', () => {
  beforeEach(async () => {
    await guest()
    await write(0x11)
    expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    await write(0x22)
  })

  it('of a delete leaves alone a snapshot that has taken the name since', async () => {
    await failAt('delete s1')
    const failed = await vm.remove('s1')
    expect(offers(failed)).toContain('retry')
    await lab.virsh('snapshot-delete', name, 's1')
    await write(0x33)
    // libvirt's creation time is in whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    await choose(failed.id, 'retry')
    expect((await vm.snapshots()).map((each) => each.name)).toEqual(['s1'])
    await write(0x44)
    expect((await vm.revert('s1')).error).toBeNull()
    await guestFlushes(lab, name, 1)
    expect(await holds()).toBe(0x33)
  })

  it.each(['delete', 'merge'] as const)(
    'of a %s is refused once a clone stands on what would change',
    async (act) => {
      await failAt(act === 'delete' ? 'delete s1' : 'begin vda')
      const plans = await vm.plan({ target: 'vda' })
      const failed =
        act === 'delete'
          ? await vm.remove('s1')
          : await vm.merge([plans.find(({ direction }) => direction === 'commit')!])
      expect(offers(failed)).toContain('retry')
      const clone = await makeImage(lab, `${name}-clone.qcow2`, { below: `${name}-vda.qcow2` })
      await lab.defineGuest({
        name: `${name}-clone`,
        system: 'none',
        disks: [{ format: 'qcow2', path: clone }],
      })
      const retried = await choose(failed.id, 'retry')
      await lab.virsh('undefine', `${name}-clone`)
      expect(retried.status).toBe('failed')
      expect(retried.error).toMatch(new RegExp(`needed by vda of the VM ${name}-clone`))
      expect(await patternAt(clone, 'qcow2', 0)).toBe(0x11)
      expect(await vm.files('vda')).toHaveLength(2)
    },
  )

  it.each(['delete', 'merge'] as const)('of a %s goes on where nothing came in between', async (act) => {
    await failAt(act === 'delete' ? 'delete s1' : 'begin vda')
    const plans = await vm.plan({ target: 'vda' })
    const failed =
      act === 'delete'
        ? await vm.remove('s1')
        : await vm.merge([plans.find(({ direction }) => direction === 'commit')!])
    const retried = await choose(failed.id, 'retry')
    expect([retried.error, retried.status]).toEqual([null, 'succeeded'])
    await guestFlushes(lab, name, 1)
    expect([await holds(), (await vm.files('vda')).length]).toEqual([0x22, 1])
  })
})
