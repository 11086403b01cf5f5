import { beforeAll, describe, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../../testing/backup-acts.ts'
import { acts } from '../../testing/in-process.ts'
import { fileSystemFaults, readRecords } from '../../testing/lab/guest-records.ts'
import { DB, WEB } from '../../testing/lab/guest.ts'
import { longestGap, missingNumbers } from '../../testing/lab/record-format.ts'
import { defineSavedGuest } from '../../testing/lab/saved-guest.ts'
import { startOnLab } from '../../testing/on-lab.ts'
import { waitUntil } from '../../testing/lab/wait-until.ts'

/** A freeze stops the guest's writes for its time; the rest of a busy test machine comes on top. */
const GAP_LIMIT_MS = 10_000
const { lab, keyframe } = await startOnLab('quiesced')
let target: Awaited<ReturnType<typeof makeTarget>>

beforeAll(async () => {
  target = await makeTarget(lab, 'nightly')
  for (const guest of [DB, WEB]) await defineSavedGuest(lab, guest)
})

/** The guest goes on writing: its disk's records pass this one. */
async function writesOn(name: string, after: number) {
  const path = lab.guests[name]!.disks[0]!.path
  await waitUntil(async () => ((await readRecords(path).catch(() => [])).at(-1)?.seq ?? 0) > after, {
    limitMs: 30_000,
    what: `Records of ${name} after ${after}`,
  })
}

describe('a guest that writes all the time', () => {
  it('full and two increments: every record up to the moment and none after, on clean file systems', async () => {
    await lab.startGuest('db')
    const vm = backupActs(keyframe, await keyframe.uuid('db'), target)
    const lasts: number[] = []
    for (const kind of ['full', 'increment', 'increment']) {
      const backup = await vm.made({ quiesce: 'required' })
      expect([backup.kind, backup.manifest.frozen, backup.manifest.consistency]).toEqual([
        kind,
        true,
        expect.stringMatching(/frozen for at most \d+ ms, 1 file system, and is thawed/),
      ])
      const image = vm.file(backup, 'vda.qcow2')
      expect(await fileSystemFaults(image)).toBeUndefined()
      const records = await readRecords(image)
      expect(missingNumbers(records)).toEqual([])
      lasts.push(records.at(-1)!.seq)
      await writesOn('db', lasts.at(-1)!)
    }
    expect([...lasts].sort((a, b) => a - b)).toEqual(lasts)
    // Made later, an older backup does not change.
    const [full] = await vm.list()
    expect((await readRecords(vm.file(full!, 'vda.qcow2'))).at(-1)!.seq).toBe(lasts[0])
    await lab.virsh('shutdown', 'db')
    await waitUntil(async () => (await lab.virsh('domstate', 'db')).trim() === 'shut off', {
      limitMs: 60_000,
      what: 'The end of db',
    })
    const live = await readRecords(lab.guests.db!.disks[0]!.path)
    expect([missingNumbers(live), longestGap(live, lasts[0]).gapMs < GAP_LIMIT_MS]).toEqual([[], true])
  })

  it('by snapshot, copy, merge: a raw and a qcow2 disk at one record, and not one record is lost by the merge', async () => {
    await lab.startGuest('web')
    const uuid = await keyframe.uuid('web')
    const vm = backupActs(keyframe, uuid, target)
    const backup = await vm.made({ method: 'copy', quiesce: 'required' })
    expect(backup.manifest.frozen).toBe(true)
    const [first, second] = await Promise.all(
      ['vda.qcow2', 'vdb.qcow2'].map((file) => readRecords(vm.file(backup, file))),
    )
    expect([0, 1]).toContain(first!.at(-1)!.seq - second!.at(-1)!.seq)
    for (const file of ['vda.qcow2', 'vdb.qcow2'])
      expect(await fileSystemFaults(vm.file(backup, file))).toBeUndefined()
    const own = acts(keyframe, uuid)
    expect([await own.files('vda'), await own.files('vdb')]).toEqual([['web-vda.img'], ['web-vdb.qcow2']])
    await writesOn('web', first!.at(-1)!.seq)
    await lab.virsh('shutdown', 'web')
    await waitUntil(async () => (await lab.virsh('domstate', 'web')).trim() === 'shut off', {
      limitMs: 60_000,
      what: 'The end of web',
    })
    const live = await readRecords(lab.guests.web!.disks[0]!.path)
    expect([missingNumbers(live), longestGap(live, first!.at(-1)!.seq - 20).gapMs < GAP_LIMIT_MS]).toEqual([
      [],
      true,
    ])
  })
})
