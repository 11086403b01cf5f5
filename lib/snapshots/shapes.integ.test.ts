import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { patternAt } from '../testing/image-bytes.ts'
import { acts, guestFlushes, guestWrites, HOST } from '../testing/in-process.ts'
import type { GuestDisk } from '../testing/lab/guest.ts'
import { run } from '../testing/lab/run-command.ts'
import { disk, startOnLab } from '../testing/on-lab.ts'
import { readRevertPlan } from './read-plans.ts'

const { lab, keyframe } = await startOnLab('shapes')
let number = 0
let name: string
let vm: ReturnType<typeof acts>
let uuid: string

const path = (file: string) => join(lab.imagesDir, file)
const state = async () => (await lab.virsh('domstate', name)).trim()
const snap = async (snapshot: string, disks = ['vda']) =>
  expect((await vm.snapshot({ name: snapshot, disks })).error).toBeNull()
const virshSnap = (snapshot: string, ...rest: string[]) =>
  lab.virsh('snapshot-create-as', name, snapshot, ...rest)
/** A running guest without a system. */
async function guest(disks: GuestDisk[] = [disk('qcow2', 8)], isStarted = true) {
  name = `z${++number}`
  await lab.defineGuest({ name, system: 'none', disks })
  if (isStarted) await lab.startGuest(name)
  uuid = await keyframe.uuid(name)
  vm = acts(keyframe, uuid)
}
const write = (pattern: number, mib = 0, index = 0) => guestWrites(lab, name, index, pattern, mib)
/** What a disk holds now at this MiB. */
async function holds(mib = 0, target = 'vda'): Promise<number | null> {
  if ((await state()) !== 'shut off')
    await guestFlushes(lab, name, (await vm.chains()).filter((each) => each.device === 'disk').length)
  const layer = (await vm.chains()).find((each) => each.target === target)!.layers.at(-1)!
  return patternAt(layer.path, layer.format as 'raw' | 'qcow2', mib)
}
const medium = (file: string) => {
  writeFileSync(path(file), Buffer.alloc(1 << 20, 0x5a))
  lab.user.own(path(file))
  return { device: 'cdrom' as const, target: 'sda', format: 'raw' as const, path: path(file) }
}
const lives = async () => expect(await lab.virsh('list', '--all', '--name')).toContain(name)

describe('revert to a snapshot inside the image', () => {
  beforeEach(async () => {
    await guest()
    await write(0x16)
    await virshSnap('i1')
    await write(0x17)
  })

  it.each(['running', 'off'] as const)(
    'A1: gives back its data although it is the current one: %s',
    async (after) => {
      const job = await vm.revert('i1', { stateAfter: after })
      expect(job.error).toBeNull()
      expect(await state()).toBe(after === 'off' ? 'shut off' : 'running')
      expect(await holds()).toBe(0x16)
      if (after === 'running') {
        await write(0x18)
        expect((await vm.revert('i1')).error).toBeNull()
        expect(await holds()).toBe(0x16)
      }
    },
  )

  it('A1: is refused when the image no longer holds it', async () => {
    await lab.virsh('destroy', name)
    await run('qemu-img', ['snapshot', '-d', 'i1', path(`${name}-vda.qcow2`)])
    await expect(vm.revert('i1')).rejects.toThrow(
      /no longer holds i1.*would report success and change nothing/,
    )
  })

  it('A2: offers no safety snapshot on the image that it rewrites, and refuses while another snapshot stands on it', async () => {
    await expect(vm.revert('i1', { safetySnapshot: true })).rejects.toThrow(
      /safety snapshot on it would be spoilt/,
    )
    await snap('e1')
    await write(0x19)
    await expect(vm.revert('i1')).rejects.toThrow(/e1 stands on .*e1 would be spoilt/)
    expect(await holds()).toBe(0x19)
  })

  it('A3: a delete refuses to take it away with its file', async () => {
    await snap('e1')
    await lab.virsh('snapshot-delete', name, 'i1', '--metadata')
    await snap('e2')
    await lab.virsh('destroy', name)
    await run('qemu-img', ['snapshot', '-c', 'inside', path(`${name}-vda.e1`)])
    await lab.startGuest(name)
    await expect(vm.remove('e1')).rejects.toThrow(/holds the internal snapshot inside, which would be lost/)
  })
})

describe('revert', () => {
  it('A4: refuses where a disk that was left out would go back to another file', async () => {
    await guest([disk('raw', 8), disk('qcow2', 8)])
    await snap('s1')
    await snap('s2', ['vda', 'vdb'])
    await write(0x66, 3, 1)
    await expect(vm.revert('s1')).rejects.toThrow(
      /vdb was not part of s1, yet libvirt would put it back on .*s2, which would be spoilt/,
    )
    expect(await holds(3, 'vdb')).toBe(0x66)
  })

  it('A6: refuses to remove the layer that a clone stands on', async () => {
    await guest()
    await snap('s1')
    await lab.virsh('destroy', name)
    const active = path(`${name}-vda.s1`)
    await run('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-F',
      'qcow2',
      '-b',
      active,
      path(`${name}c.qcow2`),
    ])
    lab.user.own(path(`${name}c.qcow2`))
    await lab.defineGuest({
      name: `${name}c`,
      system: 'none',
      disks: [{ format: 'qcow2', path: path(`${name}c.qcow2`) }],
    })
    await expect(vm.revert('s1')).rejects.toThrow(new RegExp(`also needed by vda of the VM ${name}c`))
    expect(existsSync(active)).toBe(true)
  })

  it('A6: refuses to remove a layer that only a clone stands on, which the current snapshot still names', async () => {
    await guest()
    await snap('s1')
    await snap('s2')
    const middle = path(`${name}-vda.s1`)
    const clone = path(`${name}m.qcow2`)
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', middle, clone])
    lab.user.own(clone)
    await lab.defineGuest({
      name: `${name}m`,
      system: 'none',
      disks: [{ format: 'qcow2', path: clone }],
    })
    await keyframe.uuid(`${name}m`)
    expect((await vm.remove('s2', { metadataOnly: true })).error).toBeNull()
    const [, pull] = await vm.plan({ target: 'vda', basePath: path(`${name}-vda.qcow2`) })
    expect((await vm.merge([pull!])).error).toBeNull()
    await expect(vm.revert('s1')).rejects.toThrow(new RegExp(`also needed by vda of the VM ${name}m`))
    await lab.startGuest(`${name}m`)
  })

  it('is refused where a comma in a name would have libvirt make the overlay beside the one it starts from', async () => {
    await guest()
    await snap('first, with a comma')
    await snap('s2')
    await expect(vm.revert('s2')).rejects.toThrow(/There is a comma in .*would leave it off/)
    expect(await state()).toBe('running')
    expect((await vm.revert('first, with a comma')).error).toBeNull()
  })

  it('A9, N18: says what of the configuration goes back', async () => {
    await guest()
    await snap('s1')
    await lab.virsh('setmaxmem', name, '256M', '--config')
    await lab.virsh('desc', name, '--title', '--new-desc', 'prod-db', '--config')
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', path(`${name}-extra.qcow2`), '8M'])
    lab.user.own(path(`${name}-extra.qcow2`))
    await lab.virsh(
      'attach-disk',
      name,
      path(`${name}-extra.qcow2`),
      'vdc',
      '--subdriver',
      'qcow2',
      '--persistent',
    )
    const { losses } = await readRevertPlan(HOST, uuid, 's1')
    expect(losses.join(' ')).toContain(
      'configuration goes back, too: memory 256 MiB → 32 MiB; title prod-db → none; the disk vdc is taken out (its file stays)',
    )
  })

  it('N5, Z4: a medium that was in the drive then is left out, there or not, and nothing is laid on it', async () => {
    await guest([disk('qcow2', 8), medium(`z${number + 1}.iso`)])
    await write(0x11)
    await snap('s1')
    await write(0x22)
    const before = readdirSync(lab.imagesDir)
    const there = await vm.revert('s1')
    expect(there.error).toBeNull()
    expect(there.result.join(' ')).toContain(`The drive sda is empty now: ${name}.iso was in it then.`)
    expect(await holds()).toBe(0x11)
    expect(
      readdirSync(lab.imagesDir).filter((file) => file.startsWith(`${name}.`) && !before.includes(file)),
    ).toEqual([])
    expect(await lab.virsh('snapshot-dumpxml', name, 's1')).toContain(`${name}.iso`)
    renameSync(path(`${name}.iso`), path(`${name}.gone`))
    await write(0x33)
    expect((await vm.revert('s1')).error).toBeNull()
    expect([await holds(), await state()]).toEqual([0x11, 'running'])
  })

  it('N34: is refused with the guest untouched when the memory of then is missing', async () => {
    await guest()
    const memory = path(`${name}.mem`)
    await virshSnap('m1', '--memspec', `file=${memory}`, '--diskspec', `vda,file=${path(`${name}.m1`)}`)
    const plan = await readRevertPlan(HOST, uuid, 'm1')
    expect(plan.refusal).toBeNull()
    expect(plan.losses.join(' ')).toContain('goes on with the memory that it had at m1')
    renameSync(memory, `${memory}.away`)
    await write(0x22)
    await expect(vm.revert('m1')).rejects.toThrow(/needs .*\.mem \(memory\), which is not there/)
    expect([await state(), await holds()]).toEqual(['running', 0x22])
  })

  it('Z2: is refused while libvirt knows no current snapshot: it would die', async () => {
    await guest()
    await snap('s1')
    await snap('s2')
    expect((await vm.revert('s1')).error).toBeNull()
    await lab.virsh('snapshot-delete', name, 's1', '--metadata')
    await expect(vm.revert('s2')).rejects.toThrow(/knows no current snapshot/)
    await lives()
  })
})

describe('delete', () => {
  it('A5: leaves the later ones proven, however long ago they were taken', async () => {
    await guest([disk('qcow2', 8), disk('raw', 8)])
    for (const each of [1, 2, 3, 4, 5]) {
      await write(0x10 + each)
      await snap(`s${each}`, ['vda', 'vdb'])
    }
    // From then on a layer's own time tells whether it was changed.
    await sleep(16_500)
    expect((await vm.remove('s1')).error).toBeNull()
    expect((await vm.remove('s3')).error).toBeNull()
    expect((await vm.snapshots()).map((each) => [each.name, each.unproven])).toEqual([
      ['s2', null],
      ['s4', null],
      ['s5', null],
    ])
    for (const [each, pattern] of [
      ['s4', 0x14],
      ['s2', 0x12],
      ['s5', 0x15],
    ] as const) {
      expect((await vm.revert(each)).error).toBeNull()
      expect(await holds()).toBe(pattern)
    }
  })

  it('A7: a snapshot that is no leaf and off the chain is refused before, in words', async () => {
    await guest()
    for (const each of ['s1', 's2', 's3']) await snap(each)
    expect((await vm.revert('s1')).error).toBeNull()
    await expect(vm.remove('s2')).rejects.toThrow(/branch that the VM does not run on, and s3 stands on it/)
    const job = await vm.remove('s2', { withChildren: true })
    expect(job.error).toBeNull()
    expect((await vm.snapshots()).map((each) => each.name)).toEqual(['s1'])
  })

  it('A8: is refused while the VM has a saved state', async () => {
    await guest()
    await snap('s1')
    await snap('s2')
    await lab.virsh('managedsave', name)
    await expect(vm.remove('s2')).rejects.toThrow(/saved state.*could not be started from it/)
    await lab.virsh('managedsave-remove', name)
    expect((await vm.remove('s2')).error).toBeNull()
  })

  it('A10: what goes is what the plan names', async () => {
    await guest([disk('qcow2', 8), disk('raw', 8)])
    for (const each of ['s1', 's2', 's3']) await snap(each, ['vda', 'vdb'])
    expect((await vm.revert('s1')).error).toBeNull()
    const { readDeletePlan } = await import('./read-plans.ts')
    for (const [each, withChildren] of [
      ['s3', false],
      ['s1', true],
    ] as const) {
      const before = readdirSync(lab.imagesDir)
      const { removedFiles } = await readDeletePlan(HOST, uuid, each, withChildren)
      expect((await vm.remove(each, { withChildren })).error).toBeNull()
      const after = readdirSync(lab.imagesDir)
      expect(before.filter((file) => !after.includes(file)).map(path)).toEqual([...removedFiles].sort())
    }
  })

  it('Z1: does not end libvirtd where a snapshot off the chain has an empty drive, and all data stays', async () => {
    await guest([disk('qcow2', 8), { device: 'cdrom', target: 'sda' }])
    for (const [each, pattern] of [
      ['s1', 0x11],
      ['s2', 0x12],
      ['t', 0x13],
    ] as const) {
      await write(pattern)
      await snap(each)
    }
    expect((await vm.revert('s2')).error).toBeNull()
    await snap('s3')
    await write(0x14)
    expect((await vm.remove('s1')).error).toBeNull()
    await lives()
    expect(await holds()).toBe(0x14)
    for (const [each, pattern] of [
      ['t', 0x13],
      ['s2', 0x12],
      ['s3', 0x12],
    ] as const) {
      expect((await vm.revert(each)).error).toBeNull()
      expect(await holds()).toBe(pattern)
    }
  })
})
