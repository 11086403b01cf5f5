import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { patternAt } from '../testing/image-bytes.ts'
import { acts, guestWrites, HOST } from '../testing/in-process.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { disk, startBareGuest, startOnLab } from '../testing/on-lab.ts'
import { findVm } from './find-vm.ts'

const { lab, keyframe } = await startOnLab('next-start')
const path = (file: string) => join(lab.imagesDir, file)
const attention = async (name: string) =>
  (await findVm(HOST, name))!.vm.attention.map((each) => `${each.kind}: ${each.sentence}`)
const define = async (xml: string) => {
  const file = join(lab.dir, 'older.xml')
  writeFileSync(file, xml)
  await lab.virsh('define', file)
}

it('N4: a definition of before is told at once, asked about before the VM stops, and never started on without a word', async () => {
  const vm = acts(keyframe, await startBareGuest({ lab, keyframe }, 'n4', [disk('qcow2', 8)]))
  await guestWrites(lab, 'n4', 0, 0x11)
  const before = await lab.virsh('dumpxml', '--inactive', 'n4')
  expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
  await guestWrites(lab, 'n4', 0, 0x22)
  expect(await attention('n4')).toEqual([])
  await define(before)
  await waitUntil(
    async () =>
      (await attention('n4'))
        .join()
        .includes('next-start-differs: Its next start uses n4-vda.qcow2 for vda, not n4-vda.s1'),
    { limitMs: 5_000, what: 'The word that the next start uses another file' },
  )
  await expect(vm.snapshot({ name: 's2', disks: ['vda'] })).rejects.toThrow(
    /the next start would use the old file/,
  )
  const risk = await vm.power('force-off').catch((error: Error) => error.message)
  expect(risk).toMatch(/Its next start uses n4-vda.qcow2/)
  // Who was told of something else was not told of this.
  await expect(vm.power('force-off', 'Its next start uses another file.')).rejects.toThrow(risk as string)
  expect((await vm.power('force-off', risk as string)).error).toBeNull()
  await expect(vm.power('start')).rejects.toThrow(/which the snapshot s1 froze: the start would write to it/)
  expect(await patternAt(path('n4-vda.s1'), 'qcow2')).toBe(0x22)
  expect(await patternAt(path('n4-vda.qcow2'), 'qcow2')).toBe(0x11)
})

it('N4: a file that is spelled otherwise refuses the snapshot that would not switch it', async () => {
  const vm = acts(keyframe, await startBareGuest({ lab, keyframe }, 'n4b', [disk('qcow2', 8)]))
  const xml = await lab.virsh('dumpxml', '--inactive', 'n4b')
  await define(xml.replaceAll(path('n4b-vda.qcow2'), `${lab.imagesDir}/../images/n4b-vda.qcow2`))
  expect(await attention('n4b')).toEqual([])
  await expect(vm.snapshot({ name: 's1', disks: ['vda'] })).rejects.toThrow(
    /the path that the VM has now, to the letter/,
  )
  expect(existsSync(path('n4b-vda.s1'))).toBe(false)
})

it('N8: an image that was deleted under the running VM: no snapshot on it, no stop without a word, and the copy saves it', async () => {
  const vm = acts(keyframe, await startBareGuest({ lab, keyframe }, 'n8', [disk('qcow2', 8)]))
  await guestWrites(lab, 'n8', 0, 0x22)
  rmSync(path('n8-vda.qcow2'))
  await expect(vm.snapshot({ name: 's1', disks: ['vda'] })).rejects.toThrow(
    /is gone; only the running VM still holds it.*Do not stop the VM/,
  )
  for (const act of ['shutdown', 'force-off'] as const)
    await expect(vm.power(act)).rejects.toThrow(
      /only the running VM still holds it.*Check & repair on the VM’s page/,
    )
  await lab.virsh(
    'blockcopy',
    'n8',
    'vda',
    '--dest',
    path('n8-saved.qcow2'),
    '--format',
    'qcow2',
    '--transient-job',
    '--wait',
    '--pivot',
  )
  await waitUntil(async () => (await vm.files('vda')).includes('n8-saved.qcow2'), {
    limitMs: 5_000,
    what: 'The copy',
  })
  expect((await vm.power('force-off')).error).toBeNull()
  expect(await patternAt(path('n8-saved.qcow2'), 'qcow2')).toBe(0x22)
})

it('N16: a transient VM is warned of what libvirt forgets', async () => {
  await startBareGuest({ lab, keyframe }, 'n16', [disk('qcow2', 8)])
  await lab.virsh('undefine', 'n16')
  const { readCreatePlan } = await import('../snapshots/read-create-situation.ts')
  const { checks } = await readCreatePlan(HOST, await keyframe.uuid('n16'), {
    disks: ['vda'],
    quiesce: 'off',
    overlayDirectory: null,
  })
  expect(checks.find((check) => /transient/.test(check.sentence))).toMatchObject({ verdict: 'warn' })
})
