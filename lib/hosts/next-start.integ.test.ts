import { existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../testing/backup-acts.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { acts, guestWrites, HOST } from '../testing/in-process.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { disk, startBareGuest, startOnLab } from '../testing/on-lab.ts'
import { findVm } from './find-vm.ts'
import { hostByName } from './registry.ts'

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

describe('N16: a transient VM', () => {
  const transient = async (name: string) => {
    const uuid = await startBareGuest({ lab, keyframe }, name, [disk('qcow2', 8)])
    const xml = await lab.virsh('dumpxml', '--inactive', name)
    const file = join(lab.dir, `${name}.xml`)
    writeFileSync(file, xml)
    await lab.virsh('undefine', name)
    hostByName(HOST)!.changed(uuid)
    return { uuid, vm: acts(keyframe, uuid), startAgain: () => lab.virsh('create', file) }
  }
  const check = async (uuid: string) => (await import('../repairs/check-vm.ts')).checkVm(HOST, uuid)

  it('is given no snapshot, in words, unless that is wanted all the same', async () => {
    const { uuid, vm } = await transient('n16')
    const { readCreatePlan } = await import('../snapshots/read-create-situation.ts')
    const question = { disks: ['vda'], quiesce: 'off' as const, overlayDirectory: null }
    const verdict = async (transientConfirmed: boolean) =>
      (await readCreatePlan(HOST, uuid, { ...question, transientConfirmed })).checks.find((each) =>
        /transient/.test(each.sentence),
      )!.verdict
    expect([await verdict(false), await verdict(true)]).toEqual(['refused', 'warn'])
    const cost =
      'n16 is transient: when it stops, libvirt forgets the snapshot and that its disks are on overlays.'
    const refused = vm.snapshot({ name: 's1', disks: ['vda'] })
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining(`No snapshot was taken. ${cost}`) as string,
      fields: { transientConfirmed: expect.stringContaining(cost) as string },
    })
    const { snapshotForm } = await import('../snapshots/snapshot-form.ts')
    expect((await snapshotForm(HOST, uuid)).transientCost).toContain(cost)
    expect(await vm.files('vda')).toEqual(['n16-vda.qcow2'])
    expect((await vm.snapshot({ name: 's1', disks: ['vda'], transientConfirmed: true })).error).toBeNull()
    expect(await vm.files('vda')).toEqual(['n16-vda.qcow2', 'n16-vda.s1'])
  })

  it('that was started again from its first image is told where its newest data is, and that is not called waste', async () => {
    const { uuid, vm, startAgain } = await transient('n16b')
    expect((await vm.snapshot({ name: 's1', disks: ['vda'], transientConfirmed: true })).error).toBeNull()
    await guestWrites(lab, 'n16b', 0, 0x22)
    await lab.virsh('destroy', 'n16b')
    await startAgain()
    // A file that changed within a minute may be in the making.
    const at = new Date('2026-01-02T10:32:00Z')
    utimesSync(path('n16b-vda.s1'), at, at)
    await keyframe.uuid('n16b')
    const report = await check(uuid)
    const finding = report.findings.find((each) => each.kind === 'orphan-overlay')!
    expect(finding).toMatchObject({
      severity: 'danger',
      vm: { name: 'n16b' },
      sentence:
        'n16b ran on n16b-vda.s1 until 2026-01-02 10:32 UTC and was started from n16b-vda.qcow2: what was written in between is in n16b-vda.s1 only.',
      reclaimableBytes: 0,
      repair: { confirm: 'n16b-vda.s1', danger: expect.stringContaining('what n16b wrote last') as string },
    })
    expect(finding.advice).toContain('Each write to n16b-vda.qcow2 changes what n16b-vda.s1 shows')
    expect(report.reclaimableBytes).toBe(0)
    expect(await patternAt(path('n16b-vda.s1'), 'qcow2')).toBe(0x22)
  })

  it('whose overlay was merged by hand while Keyframe looked has nothing left behind in it', async () => {
    const { uuid, vm } = await transient('n16c')
    expect((await vm.snapshot({ name: 's1', disks: ['vda'], transientConfirmed: true })).error).toBeNull()
    await guestWrites(lab, 'n16c', 0, 0x22)
    await lab.virsh('blockcommit', 'n16c', 'vda', '--active', '--wait')
    await waitUntil(async () => (await vm.chains())[0]!.job !== null, { limitMs: 10_000, what: 'The job' })
    await lab.virsh('blockjob', 'n16c', 'vda', '--pivot')
    await lab.virsh('snapshot-delete', 'n16c', 's1', '--metadata')
    const at = new Date('2026-01-02T10:32:00Z')
    utimesSync(path('n16c-vda.s1'), at, at)
    await waitUntil(
      async () =>
        (await check(uuid)).findings.find((each) => each.kind === 'orphan-overlay')?.severity === 'warn',
      { limitMs: 10_000, what: 'The word that nothing is left behind' },
    )
  })

  it('is backed up by copy as before: that takes no snapshot that libvirt would have to keep', async () => {
    const { uuid, vm } = await transient('n16d')
    await guestWrites(lab, 'n16d', 0, 0x22)
    const backups = backupActs(keyframe, uuid, await makeTarget(lab, 'n16-backups'))
    expect((await backups.made({ method: 'copy' })).kind).toBe('full')
    expect(await vm.files('vda')).toEqual(['n16d-vda.qcow2'])
  })
})
