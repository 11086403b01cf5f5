import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { acts } from '../testing/in-process.ts'
import { run } from '../testing/lab/run-command.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { startOnLab } from '../testing/on-lab.ts'

const { lab, keyframe } = await startOnLab('power')
const path = (file: string) => join(lab.imagesDir, file)
const stateOf = async (name: string) => (await lab.virsh('domstate', name)).trim()

/** VMs that are off, all on the same new image. */
async function onOneImage(file: string, format: 'raw' | 'qcow2', ...names: string[]) {
  await run('qemu-img', ['create', '-q', '-f', format, path(file), '16M'])
  lab.user.own(path(file))
  for (const name of names)
    await lab.defineGuest({ name, system: 'none', disks: [{ format, path: path(file) }] })
  return Promise.all(names.map(async (name) => acts(keyframe, await keyframe.uuid(name))))
}

it('a disk that another VM has open: refused before the start, with that VM’s name; started once that VM is off', async () => {
  const [one, two] = await onOneImage('both.qcow2', 'qcow2', 'one', 'two')
  expect((await one!.power('start')).error).toBeNull()
  await expect(two!.power('start')).rejects.toThrow(
    'two can’t be started: one runs and uses both.qcow2 (vda). Stop one first',
  )
  expect(await stateOf('two')).toBe('shut off')
  expect((await one!.power('force-off')).error).toBeNull()
  expect((await two!.power('start')).error).toBeNull()
})

it('a template below the disk of a running VM is no disk to start on', async () => {
  const [template] = await onOneImage('template.qcow2', 'qcow2', 'template')
  await run('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-b',
    path('template.qcow2'),
    '-F',
    'qcow2',
    path('clone.qcow2'),
  ])
  lab.user.own(path('clone.qcow2'))
  await lab.defineGuest({
    name: 'clone',
    system: 'none',
    disks: [{ format: 'qcow2', path: path('clone.qcow2') }],
  })
  await lab.startGuest('clone')
  await keyframe.uuid('clone')
  await expect(template!.power('start')).rejects.toThrow(
    'template can’t be started: clone runs and uses template.qcow2 (vda)',
  )
})

it('a disk that is meant to be shared is started by both', async () => {
  const both = await onOneImage('shared.img', 'raw', 'share-a', 'share-b')
  for (const name of ['share-a', 'share-b']) {
    const file = join(lab.dir, `${name}.xml`)
    const xml = await lab.virsh('dumpxml', '--inactive', name)
    writeFileSync(file, xml.replace("<target dev='vda'", "<shareable/>\n<target dev='vda'"))
    await lab.virsh('define', file)
  }
  for (const vm of both) expect((await vm.power('start')).error).toBeNull()
})

it('a lock that no VM holds: the start fails with the file’s name, and libvirt’s words at the end', async () => {
  const [vm] = await onOneImage('held.qcow2', 'qcow2', 'held')
  const pidFile = join(lab.dir, 'held.pid')
  // Forks once the file is open, and locked.
  await run('qemu-nbd', [
    ...['--fork', '--pid-file', pidFile, '-t', '-k', join(lab.dir, 'held.sock')],
    ...['-f', 'qcow2', path('held.qcow2')],
  ])
  const pid = Number(readFileSync(pidFile, 'utf8'))
  try {
    expect((await vm!.power('start')).error).toMatch(
      /^held can’t be started: another process has held\.qcow2 open.*\(libvirt: [\s\S]*Failed to get "write" lock[\s\S]*\)$/,
    )
  } finally {
    process.kill(pid)
    await waitUntil(async () => !existsSync(`/proc/${pid}`), { limitMs: 5_000, what: 'The end of qemu-nbd' })
  }
  expect((await vm!.power('start')).error).toBeNull()
})

it('a file that is missing is named, libvirt’s words at the end', async () => {
  const [vm] = await onOneImage('lost.qcow2', 'qcow2', 'lost')
  renameSync(path('lost.qcow2'), path('away'))
  expect((await vm!.power('start')).error).toMatch(
    new RegExp(
      `^lost can’t be started: there is no file ${path('lost.qcow2')} \\(vda\\) on the host\\..*\\(libvirt: Cannot access storage file`,
    ),
  )
  renameSync(path('away'), path('lost.qcow2'))
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', path('below.qcow2'), '16M'])
  await run('qemu-img', ['rebase', '-u', '-b', path('below.qcow2'), '-F', 'qcow2', path('lost.qcow2')])
  renameSync(path('below.qcow2'), path('away'))
  expect((await vm!.power('start')).error).toContain(
    `there is no file ${path('below.qcow2')}, which a layer of its disks stands on, on the host`,
  )
  await waitUntil(async () => (await stateOf('lost')) === 'shut off', { limitMs: 5_000, what: 'The VM off' })
})
