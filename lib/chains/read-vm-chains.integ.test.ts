import { rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { acts } from '../testing/in-process.ts'
import { run } from '../testing/lab/run-command.ts'
import { startOnLab } from '../testing/on-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'

const MIB = 1024 * 1024
const { lab, keyframe } = await startOnLab('chains')
const path = (file: string) => join(lab.imagesDir, file)

/** qcow2 files one above the other, the first without a backing file; the last is the disk of a VM that is off. */
async function chainOf(name: string, files: string[]) {
  for (const [index, file] of files.entries()) {
    const below = files[index - 1]
    const backing = below === undefined ? [] : ['-b', path(below), '-F', 'qcow2']
    await run('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      ...backing,
      path(file),
      ...(below === undefined ? ['64M'] : []),
    ])
    lab.user.own(path(file))
  }
  await lab.defineGuest({ name, system: 'none', disks: [{ format: 'qcow2', path: path(files.at(-1)!) }] })
  return acts(keyframe, await keyframe.uuid(name))
}
const problems = async (vm: ReturnType<typeof acts>) =>
  (await vm.chains())[0]!.layers.flatMap((layer) => layer.problems.map((problem) => problem.kind))

describe('the text form', () => {
  it('is that of qemu-img info --backing-chain, running and off', async () => {
    await lab.defineGuest({
      name: 'text',
      system: 'none',
      disks: [
        { format: 'raw', virtualBytes: 16 * MIB },
        { format: 'qcow2', virtualBytes: 16 * MIB },
      ],
    })
    await lab.startGuest('text')
    const vm = acts(keyframe, await keyframe.uuid('text'))
    for (const name of ['s1', 's 2']) await vm.snapshot({ name, disks: ['vda', 'vdb'] })
    const compare = async () => {
      for (const chain of await vm.chains()) {
        const top = chain.layers.at(-1)!
        expect(chain.qemuImgInfo).toBe(
          (await run('qemu-img', ['info', '-U', '--backing-chain', '-f', 'qcow2', top.path])).trimEnd(),
        )
        expect(
          chain.layers.map((layer) => [layer.format, layer.isBase, layer.isActive, layer.snapshots]),
        ).toEqual([
          [chain.target === 'vda' ? 'raw' : 'qcow2', true, false, ['s1']],
          ['qcow2', false, false, ['s 2']],
          ['qcow2', false, true, []],
        ])
      }
    }
    await compare()
    await lab.virsh('destroy', 'text')
    await compare()
  })

  it('is the same for other cluster sizes, lazy refcounts, extended L2, zstd, qcow2 v2 and a relative backing file', async () => {
    for (const [index, options] of [
      'cluster_size=4096',
      'lazy_refcounts=on',
      'extended_l2=on,cluster_size=131072',
      'compression_type=zstd',
      'compat=0.10',
      'refcount_bits=1',
    ].entries()) {
      const [base, top] = [`opt${index}-base.qcow2`, `opt${index}.qcow2`]
      await run('qemu-img', ['create', '-q', '-f', 'qcow2', path(base), '123M'])
      await run('qemu-img', [
        'create',
        '-q',
        '-f',
        'qcow2',
        '-b',
        base,
        '-F',
        'qcow2',
        '-o',
        options,
        path(top),
      ])
      for (const file of [base, top]) lab.user.own(path(file))
      await lab.defineGuest({
        name: `opt${index}`,
        system: 'none',
        disks: [{ format: 'qcow2', path: path(top) }],
      })
      const [chain] = await acts(keyframe, await keyframe.uuid(`opt${index}`)).chains()
      expect(chain!.qemuImgInfo).toBe(
        (await run('qemu-img', ['info', '--backing-chain', path(top)])).trimEnd(),
      )
    }
  })
})

it('the text has the list of the snapshots inside an image', async () => {
  await lab.defineGuest({
    name: 'inside',
    system: 'none',
    disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }],
  })
  const disk = lab.guests.inside!.disks[0]!.path
  for (const name of ['off', 'früh', 'a-name-that-is-longer-than-its-column'])
    await run('qemu-img', ['snapshot', '-c', name, disk])
  lab.user.own(disk)
  const compare = async () => {
    const [chain] = await acts(keyframe, await keyframe.uuid('inside')).chains()
    expect(chain!.qemuImgInfo).toContain('Snapshot list:')
    expect(chain!.qemuImgInfo).toBe(
      (await run('qemu-img', ['info', '-U', '--backing-chain', disk])).trimEnd(),
    )
  }
  await compare()
  // A snapshot with memory has a size and a clock.
  await lab.startGuest('inside')
  await lab.virsh('snapshot-create-as', 'inside', 'with-memory')
  await compare()
})

describe('broken chains are shown as such', () => {
  it('a layer that is missing', async () => {
    const vm = await chainOf('missing', ['mi0.qcow2', 'mi1.qcow2', 'mi2.qcow2'])
    await rename(path('mi0.qcow2'), path('away'))
    const [chain] = await vm.chains()
    expect(chain!.layers.map((layer) => layer.problems.map((problem) => problem.kind))).toEqual([
      ['missing'],
      [],
      [],
    ])
    expect(chain!.layers[0]!.problems[0]!.sentence).toMatch(/there is no file .*mi0\.qcow2 on the host/)
    const { findVm } = await import('../hosts/find-vm.ts')
    await waitUntil(
      async () => (await findVm('lab', 'missing'))!.vm.attention.some((each) => each.kind === 'broken-chain'),
      { limitMs: 30_000, what: 'The word in the list' },
    )
  })

  it('a loop', async () => {
    const vm = await chainOf('loop', ['lo0.qcow2', 'lo1.qcow2'])
    await run('qemu-img', ['rebase', '-u', '-b', path('lo1.qcow2'), '-F', 'qcow2', path('lo0.qcow2')])
    expect(await problems(vm)).toEqual(['loop'])
  })

  it('one that libvirt may not read, and one that is no qcow2', async () => {
    const vm = await chainOf('unreadable', ['un0.qcow2', 'un1.qcow2'])
    await run('chown', ['root:root', path('un0.qcow2')])
    await run('chmod', ['600', path('un0.qcow2')])
    expect((await problems(vm))[0]).toMatch(/unreadable|missing/)
    await unlink(path('un0.qcow2'))
    await writeFile(path('un0.qcow2'), Buffer.alloc(70_000))
    lab.user.own(path('un0.qcow2'))
    expect(await problems(vm)).toEqual(['format-differs'])
  })

  it('a format that is not recorded', async () => {
    const vm = await chainOf('format', ['fo0.qcow2', 'fo1.qcow2'])
    // Older tools wrote no backing format; today's qemu-img refuses to, so its header extension is taken out.
    const { open } = await import('node:fs/promises')
    const file = await open(path('fo1.qcow2'), 'r+')
    const { buffer } = await file.read(Buffer.alloc(4096), 0, 4096, 0)
    const at = buffer.indexOf(Buffer.from('e2792aca', 'hex'))
    expect(at).toBeGreaterThan(0)
    await file.write(Buffer.from('12345678', 'hex'), 0, 4, at)
    await file.close()
    expect(await problems(vm)).toEqual(['format-not-recorded'])
  })
})

it('a raw disk whose guest wrote a qcow2 header is not followed', async () => {
  await run('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-u',
    '-b',
    '/etc/passwd',
    '-F',
    'raw',
    path('evil.img'),
    '1M',
  ])
  lab.user.own(path('evil.img'))
  await lab.defineGuest({ name: 'evil', system: 'none', disks: [{ format: 'raw', path: path('evil.img') }] })
  const [chain] = await acts(keyframe, await keyframe.uuid('evil')).chains()
  expect(chain!.layers.map((layer) => layer.path)).toEqual([path('evil.img')])
  expect(chain!.qemuImgInfo).not.toContain('passwd')
})

it('a base that two VMs share names the other one', async () => {
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', path('golden.qcow2'), '16M'])
  for (const name of ['one', 'two']) {
    await run('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-b',
      path('golden.qcow2'),
      '-F',
      'qcow2',
      path(`${name}.qcow2`),
    ])
    lab.user.own(path(`${name}.qcow2`))
    await lab.defineGuest({ name, system: 'none', disks: [{ format: 'qcow2', path: path(`${name}.qcow2`) }] })
  }
  lab.user.own(path('golden.qcow2'))
  await keyframe.uuid('two')
  const [chain] = await acts(keyframe, await keyframe.uuid('one')).chains()
  expect(chain!.layers.map((layer) => layer.sharedWith.map((user) => `${user.vmName}/${user.need}`))).toEqual(
    [['two/vda'], []],
  )
})

it('60 layers are read in order', async () => {
  const files = Array.from({ length: 60 }, (_, index) => `deep${index}.qcow2`)
  const vm = await chainOf('deep', files)
  expect(await vm.files('vda')).toEqual(files)
})
