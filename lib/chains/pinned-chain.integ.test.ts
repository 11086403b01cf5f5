import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../testing/backup-acts.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { acts } from '../testing/in-process.ts'
import { makeImage } from '../testing/make-image.ts'
import { startOnLab } from '../testing/on-lab.ts'

const { lab, keyframe } = await startOnLab('pinned-chain')
const path = (file: string) => join(lab.imagesDir, file)
let target: Awaited<ReturnType<typeof makeTarget>>

/** The VM is off; its definition says what lies below its disk. */
async function pinned(name: string, disk: string, store: string) {
  await lab.defineGuest({ name, system: 'none', disks: [{ format: 'qcow2', path: path(disk) }] })
  const xml = await lab.virsh('dumpxml', name, '--inactive')
  const file = path(`${name}.xml`)
  const { writeFileSync } = await import('node:fs')
  writeFileSync(file, xml.replace(/<target dev='vda'/, `${store}<target dev='vda'`))
  await lab.virsh('define', file)
  const uuid = await keyframe.uuid(name)
  return { vm: acts(keyframe, uuid), uuid }
}
const store = (file: string) =>
  `<backingStore type='file'><format type='qcow2'/><source file='${path(file)}'/><backingStore/></backingStore>`
const shown = async (vm: ReturnType<typeof acts>) =>
  (await vm.chains())[0]!.layers.map((layer) => [
    layer.path,
    layer.problems.map(({ kind }) => kind).join(' '),
  ])

beforeAll(async () => {
  target = await makeTarget(lab, 'pinned')
  await makeImage(lab, 'base1.qcow2', { pattern: 0x11 })
  await makeImage(lab, 'base2.qcow2', { pattern: 0x22 })
})

describe('N32: a chain that the configuration pins', () => {
  it('is what the page shows while the VM is off, what the VM starts on, and what a backup holds', async () => {
    await makeImage(lab, 'web.qcow2', { below: 'base2.qcow2' })
    const { vm, uuid } = await pinned('web', 'web.qcow2', store('base1.qcow2'))
    expect(await shown(vm)).toEqual([
      [path('base1.qcow2'), ''],
      [path('web.qcow2'), 'header-differs'],
    ])
    const [problem] = (await vm.chains())[0]!.layers.at(-1)!.problems
    expect(problem!.sentence).toMatch(/has .*base1\.qcow2 below .*header names .*base2\.qcow2/)
    const backups = backupActs(keyframe, uuid, target)
    const off = await backups.made()
    expect(await patternAt(backups.file(off, 'vda.qcow2'), 'qcow2', 0)).toBe(0x11)
    await lab.startGuest('web')
    expect((await shown(vm)).map(([file]) => file)).toEqual([path('base1.qcow2'), path('web.qcow2')])
    const running = await backups.made()
    expect(await patternAt(backups.file(running, 'vda.qcow2'), 'qcow2', 0)).toBe(0x11)
  })

  it('is refused a snapshot while it is off: libvirt would lay the overlay on what the header says', async () => {
    await makeImage(lab, 'db.qcow2', { below: 'base2.qcow2' })
    const { vm } = await pinned('db', 'db.qcow2', store('base1.qcow2'))
    await expect(vm.snapshot({ name: 's1', disks: ['vda'] })).rejects.toThrow(/header names .*base2/)
    expect(await shown(vm)).toHaveLength(2)
  })

  it('that ends above what the header names shows that nothing lies below', async () => {
    await makeImage(lab, 'app.qcow2', { below: 'base2.qcow2' })
    const { vm, uuid } = await pinned('app', 'app.qcow2', '<backingStore/>')
    expect(await shown(vm)).toEqual([[path('app.qcow2'), 'header-differs']])
    const backups = backupActs(keyframe, uuid, target)
    const off = await backups.made()
    expect(await patternAt(backups.file(off, 'vda.qcow2'), 'qcow2', 0)).toBe(0)
  })

  it('that agrees with the header says nothing of it', async () => {
    await makeImage(lab, 'ok.qcow2', { below: 'base1.qcow2' })
    const { vm } = await pinned('ok', 'ok.qcow2', store('base1.qcow2'))
    expect(await shown(vm)).toEqual([
      [path('base1.qcow2'), ''],
      [path('ok.qcow2'), ''],
    ])
    expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    expect((await shown(vm)).map(([file]) => file)).toEqual([
      path('base1.qcow2'),
      path('ok.qcow2'),
      path('ok.s1'),
    ])
  })
})
