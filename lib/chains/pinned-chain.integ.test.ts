import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../testing/backup-acts.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { acts } from '../testing/in-process.ts'
import { run } from '../testing/lab/run-command.ts'
import { startOnLab } from '../testing/on-lab.ts'

const { lab, keyframe } = await startOnLab('pinned-chain')
const path = (file: string) => join(lab.imagesDir, file)
let target: Awaited<ReturnType<typeof makeTarget>>

/** An image that holds one pattern in its first MiB, with or without a backing file. */
async function image(file: string, pattern: number | null, below: string | null = null) {
  const backing = below === null ? [] : ['-b', path(below), '-F', 'qcow2']
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', ...backing, path(file), '8M'])
  if (pattern !== null) await run('qemu-io', ['-f', 'qcow2', '-c', `write -P ${pattern} 0 1M`, path(file)])
  lab.user.own(path(file))
}

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
  await image('base1.qcow2', 0x11)
  await image('base2.qcow2', 0x22)
})

describe('N32: a chain that the configuration pins', () => {
  it('is the one that is shown while the VM is off, is what it starts on, and what a backup holds', async () => {
    await image('web.qcow2', null, 'base2.qcow2')
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
    await image('db.qcow2', null, 'base2.qcow2')
    const { vm } = await pinned('db', 'db.qcow2', store('base1.qcow2'))
    await expect(vm.snapshot({ name: 's1', disks: ['vda'] })).rejects.toThrow(/header names .*base2/)
    expect(await shown(vm)).toHaveLength(2)
  })

  it('that ends above what the header names shows that nothing lies below', async () => {
    await image('app.qcow2', null, 'base2.qcow2')
    const { vm, uuid } = await pinned('app', 'app.qcow2', '<backingStore/>')
    expect(await shown(vm)).toEqual([[path('app.qcow2'), 'header-differs']])
    const backups = backupActs(keyframe, uuid, target)
    const off = await backups.made()
    expect(await patternAt(backups.file(off, 'vda.qcow2'), 'qcow2', 0)).toBe(0)
  })

  it('that agrees with the header says nothing of it', async () => {
    await image('ok.qcow2', null, 'base1.qcow2')
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
