import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { patternAt } from '../testing/image-bytes.ts'
import { acts, guestWrites } from '../testing/in-process.ts'
import { run } from '../testing/lab/run-command.ts'
import { makeImage } from '../testing/make-image.ts'
import { startOnLab } from '../testing/on-lab.ts'

// A clone whose VM nobody has defined yet, or has undefined to define it elsewhere.

const { lab, keyframe } = await startOnLab('overlays-of-nobody')
let number = 0
let name: string
let vm: ReturnType<typeof acts>
const path = (file: string) => join(lab.imagesDir, file)

/** golden ← the VM’s own layer, and golden ← clone, which no VM has. */
beforeEach(async () => {
  name = `o${++number}`
  await makeImage(lab, `${name}-golden.qcow2`, { pattern: 0x11 })
  await makeImage(lab, `${name}.qcow2`, { below: `${name}-golden.qcow2` })
  await makeImage(lab, `${name}-clone.qcow2`, { below: `${name}-golden.qcow2` })
  await lab.defineGuest({ name, system: 'none', disks: [{ format: 'qcow2', path: path(`${name}.qcow2`) }] })
  await lab.startGuest(name)
  vm = acts(keyframe, await keyframe.uuid(name))
  await guestWrites(lab, name, 0, 0x22, 0)
})
const clone = () => patternAt(path(`${name}-clone.qcow2`), 'qcow2', 0)

describe('an image that no VM has', () => {
  it('keeps the template that it stands on, asked for or not', async () => {
    const plans = await vm.plan({ target: 'vda', removeTemplates: true })
    const pull = plans.find(({ direction }) => direction === 'pull')!
    expect([pull.refusal, pull.removedFiles]).toEqual([null, []])
    expect(pull.keptFiles[0]!.reason).toMatch(/-clone\.qcow2, which no VM has, stands on it/)
    expect((await vm.merge([pull], undefined, { removeTemplates: true })).error).toBeNull()
    expect([existsSync(path(`${name}-golden.qcow2`)), await clone()]).toEqual([true, 0x11])
  })

  it('keeps it although it was made while the pull went on', async () => {
    await run('rm', [path(`${name}-clone.qcow2`)])
    const plans = await vm.plan({ target: 'vda', removeTemplates: true })
    const pull = plans.find(({ direction }) => direction === 'pull')!
    expect(pull.removedFiles).toEqual([path(`${name}-golden.qcow2`)])
    const { onBoundary } = await import('../jobs/boundaries.ts')
    onBoundary(async ({ step, at }) => {
      if (step === 'reconcile vda' && at === 'before')
        await makeImage(lab, `${name}-clone.qcow2`, { below: `${name}-golden.qcow2` })
    })
    const job = await vm.merge([pull], undefined, { removeTemplates: true })
    onBoundary(null)
    expect(job.result.join(' ')).toMatch(
      /golden\.qcow2 stays: .*-clone\.qcow2, which no VM has, stands on it/,
    )
    expect(await clone()).toBe(0x11)
  })

  it('refuses a commit into what it reads, and a delete that would change it', async () => {
    const plans = await vm.plan({ target: 'vda' })
    expect(plans.find(({ direction }) => direction === 'commit')!.refusal).toMatch(
      /-clone\.qcow2 stands on .*-golden\.qcow2, and no VM has it/,
    )
    await makeImage(lab, `${name}-other.qcow2`, { below: `${name}.qcow2` })
    expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    await expect(vm.remove('s1')).rejects.toThrow(/-other\.qcow2 stands on .*, and no VM has it/)
    expect(await clone()).toBe(0x11)
  })

  it('that a VM has is told by that VM’s name', async () => {
    await lab.defineGuest({
      name: `${name}-clone`,
      system: 'none',
      disks: [{ format: 'qcow2', path: path(`${name}-clone.qcow2`) }],
    })
    await keyframe.uuid(`${name}-clone`)
    const plans = await vm.plan({ target: 'vda' })
    expect(plans.find(({ direction }) => direction === 'commit')!.refusal).toMatch(
      new RegExp(`needed by vda of the VM ${name}-clone`),
    )
    await lab.virsh('undefine', `${name}-clone`)
  })
})
