import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WEB } from '../../lib/testing/lab/guest.ts'
import { isRunning, qemusOf } from '../../lib/testing/lab/processes.ts'
import { run } from '../../lib/testing/lab/run-command.ts'
import { defineSavedGuest } from '../../lib/testing/lab/saved-guest.ts'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'
import { type FaultGuest, NAME, RESTORED } from './fault-guest.ts'
import { readLayer, type LayerRecords } from './layer-records.ts'

// folder of a scene
// ├── state            what `virsh save` wrote: memory of the guest
// ├── domain.xml
// ├── snapshots/       00-s1.xml …, oldest first
// ├── images/          the files of both folders as they were then
// └── overlays/

/** A guest with its snapshots, saved while it ran: a case begins with it in half a second. */
export type SavedScene = {
  folder: string
  snapshots: string[]
  /** What each snapshot froze, by name and target. */
  frozen: Record<string, Record<string, LayerRecords>>
  /** The last number on both disks when it was saved. */
  lastSeq: number
}

/** The guest that all scenes begin with: it runs, has written for a moment, and stops at an error of its disks. */
export async function firstScene(guest: FaultGuest, folder: string): Promise<SavedScene> {
  const { lab } = guest
  await defineSavedGuest(lab, WEB)
  const xml = await lab.virsh('dumpxml', NAME, '--inactive')
  const file = join(folder, 'first.xml')
  mkdirSync(folder, { recursive: true })
  // An error is not reported to the guest, it is stopped until someone resumes it: what servers are set to.
  const stops = (text: string) =>
    text.replace(
      /<driver name='qemu' type='(raw|qcow2)'\/>/g,
      `<driver name='qemu' type='$1' error_policy='stop'/>`,
    )
  writeFileSync(file, stops(xml))
  await lab.virsh('define', file)
  const saved = await lab.virsh('managedsave-dumpxml', NAME)
  writeFileSync(file, stops(saved))
  await lab.virsh('managedsave-define', NAME, file, '--running')
  await lab.virsh('start', NAME)
  rmSync(file)
  return saveScene(guest, join(folder, 'first'))
}

/** Saves the running guest with its snapshots, and ends it. */
export async function saveScene(guest: FaultGuest, folder: string): Promise<SavedScene> {
  const { lab } = guest
  rmSync(folder, { recursive: true, force: true })
  for (const name of ['snapshots', 'images', 'overlays']) mkdirSync(join(folder, name), { recursive: true })
  lab.user.own(folder)
  await sleep(500)
  await lab.virsh('save', NAME, join(folder, 'state'))
  writeFileSync(join(folder, 'domain.xml'), await lab.virsh('dumpxml', NAME, '--inactive', '--security-info'))
  const snapshots = (await lab.virsh('snapshot-list', NAME, '--name', '--topological'))
    .split('\n')
    .filter((name) => name !== '')
  const frozen: SavedScene['frozen'] = {}
  for (const [index, name] of snapshots.entries()) {
    const xml = await lab.virsh('snapshot-dumpxml', NAME, name, '--security-info')
    writeFileSync(join(folder, 'snapshots', `${String(index).padStart(2, '0')}-${name}.xml`), xml)
    const domain = xml.slice(xml.indexOf('<domain'))
    frozen[name] = {}
    for (const target of ['vda', 'vdb']) frozen[name][target] = await readLayer(fileOf(domain, target))
  }
  const lasts = await Promise.all(
    ['vda', 'vdb'].map(
      async (target) =>
        (await readLayer(fileOf(readFileSync(join(folder, 'domain.xml'), 'utf8'), target))).lastSeq,
    ),
  )
  await copyAll(guest.basesDir, join(folder, 'images'))
  await copyAll(guest.overlaysDir, join(folder, 'overlays'))
  await clearGuest(guest)
  return { folder, snapshots, frozen, lastSeq: Math.min(...lasts) }
}

/** The file of one disk in a domain's XML. */
export function fileOf(xml: string, target: string): string {
  const disk = xml.split('<disk ').find((part) => part.includes(`<target dev='${target}'`))
  const file = disk && /<source file='([^']*)'/.exec(disk)?.[1]
  if (!file) throw new Error(`The domain has no disk ${target}.`)
  return file
}

async function copyAll(from: string, to: string): Promise<void> {
  const files = readdirSync(from).map((name) => join(from, name))
  // A frozen layer's modification time tells that it is frozen.
  if (files.length > 0)
    await run('cp', ['--sparse=always', '--preserve=ownership,mode,timestamps', ...files, to])
}

/** The guest as it was when the scene was saved: running, a moment after its last record. */
export async function startScene(guest: FaultGuest, scene: SavedScene): Promise<void> {
  await copyAll(join(scene.folder, 'images'), guest.basesDir)
  await copyAll(join(scene.folder, 'overlays'), guest.overlaysDir)
  const files = readdirSync(join(scene.folder, 'snapshots')).sort()
  const lines = files.map(
    (name, index) =>
      `snapshot-create ${NAME} ${join(scene.folder, 'snapshots', name)} --redefine${index === files.length - 1 ? ' --current' : ''}`,
  )
  await guest.lab.virsh(
    [
      `define ${join(scene.folder, 'domain.xml')}`,
      ...lines,
      `restore ${join(scene.folder, 'state')} --running`,
    ].join('; '),
  )
}

/** Ends the guest's QEMU at once. libvirt takes note by itself. */
export async function endQemu({ lab }: FaultGuest): Promise<void> {
  const pid = await lab.qemuPid(NAME).catch(() => undefined)
  const qemu = pid === undefined ? undefined : qemusOf(lab.dir).find((mark) => mark.pid === pid)
  if (qemu) {
    process.kill(qemu.pid, 'SIGKILL')
    await waitUntil(() => !isRunning(qemu), { limitMs: 10_000, everyMs: 10, what: 'The end of QEMU' })
  }
  await waitUntil(async () => (await lab.virsh('domstate', NAME)).trim() === 'shut off', {
    limitMs: 10_000,
    everyMs: 20,
    what: 'The word of libvirt that the guest is off',
  })
}

/** Nothing is left of the guest: no process, no definition, no file. */
export async function clearGuest(guest: FaultGuest): Promise<void> {
  const { lab } = guest
  const known = (await lab.virsh('list', '--all', '--name')).split('\n')
  if (known.includes(NAME)) {
    await endQemu(guest)
    await lab.virsh('undefine', NAME, '--snapshots-metadata', '--checkpoints-metadata', '--managed-save')
  }
  if (known.includes(RESTORED)) await lab.virsh('undefine', RESTORED)
  for (const path of [
    ...guest.files(),
    ...readdirSync(guest.backupsDir).map((name) => join(guest.backupsDir, name)),
  ])
    rmSync(path, { recursive: true, force: true })
}

export const fileNames = (paths: readonly string[]) => paths.map((path) => basename(path))
