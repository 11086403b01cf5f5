import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { guestWrites } from '../../testing/in-process.ts'
import { patternAt } from '../../testing/image-bytes.ts'
import { run } from '../../testing/lab/run-command.ts'
import { startOnLab } from '../../testing/on-lab.ts'
import { backupActs, makeTarget } from '../../testing/backup-acts.ts'

const MIB = 1024 * 1024
const { lab, keyframe } = await startOnLab('by-hand')

/** The commands of the README's section "By hand", as they stand there. */
function commands(): string {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  return /## By hand\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)![1]!
}

it('an increment is restored with qemu-img and virsh alone, by the commands of the README', async () => {
  const target = await makeTarget(lab, 'nightly')
  await lab.defineGuest({
    name: 'db',
    system: 'none',
    disks: [
      { format: 'qcow2', virtualBytes: 16 * MIB },
      { format: 'qcow2', virtualBytes: 16 * MIB },
    ],
  })
  await lab.startGuest('db')
  const vm = backupActs(keyframe, await keyframe.uuid('db'), target)
  await guestWrites(lab, 'db', 0, 0x11, 0)
  await vm.made()
  await guestWrites(lab, 'db', 0, 0x12, 1)
  await guestWrites(lab, 'db', 1, 0x21, 2)
  const increment = await vm.made()
  await guestWrites(lab, 'db', 0, 0x13, 0)
  expect(increment.kind).toBe('increment')

  const script = join(lab.dir, 'by-hand.sh')
  writeFileSync(script, `set -e\n${commands()}`)
  lab.user.own(script)
  // As the user that QEMU runs as.
  const asUser =
    process.getuid!() === 0
      ? ['setpriv', `--reuid=${lab.uid}`, '--clear-groups', 'bash', script]
      : ['bash', script]
  await run(asUser[0]!, asUser.slice(1), {
    env: {
      ...process.env,
      ...lab.env,
      BACKUP: join(target.path, increment.id),
      NAME: 'by-hand',
      IMAGES: lab.imagesDir,
      LIBVIRT_DEFAULT_URI: lab.uri,
    },
  })
  expect((await lab.virsh('domstate', '--domain', 'by-hand')).trim()).toBe('running')
  const xml = await lab.virsh('dumpxml', '--domain', 'by-hand')
  expect(xml).not.toContain(await keyframe.uuid('db'))
  await lab.virsh('destroy', '--domain', 'by-hand')
  const path = (disk: string) => join(lab.imagesDir, `by-hand-${disk}.qcow2`)
  expect(
    await Promise.all([
      patternAt(path('vda'), 'qcow2', 0),
      patternAt(path('vda'), 'qcow2', 1),
      patternAt(path('vdb'), 'qcow2', 2),
    ]),
  ).toEqual([0x11, 0x12, 0x21])
})
