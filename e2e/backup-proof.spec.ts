import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { checkpointsOf, transients } from './backup-leftovers.ts'
import {
  addTarget,
  answerOf,
  backupsOn,
  backUpNow,
  confirm,
  idOf,
  openBackups,
  removeSchedule,
  restoreAsNew,
  saveSchedule,
} from './backup-page-acts.ts'
import { fileSystemFaults, readRecords } from '../lib/testing/lab/guest-records.ts'
import { DB, WEB } from '../lib/testing/lab/guest.ts'
import { type GuestRecord, missingNumbers } from '../lib/testing/lab/record-format.ts'
import { defineSavedGuest } from '../lib/testing/lab/saved-guest.ts'
import { waitUntil } from '../lib/testing/lab/wait-until.ts'
import { testLab } from './under-test.ts'

/** A test that fails is followed by a new worker: it makes guests and a target of its own. */
const N = process.env.TEST_WORKER_INDEX
const TARGET = `proof-${N}`
const lab = testLab()
const folder = join(lab.dir, TARGET)
/** A schedule of a minute: its next run is due within one. */
const RUN_LIMIT_MS = 80_000
const PHONE = { width: 390, height: 844 }
const DESK = { width: 1440, height: 900 }

/** The guests of the demo, each backed up in the way of its disks; both schedules run in the same minute. */
const GUESTS = [
  {
    name: `proof-db-${N}`,
    guest: DB,
    way: 'incremental',
    viewport: PHONE,
    targets: ['vda'],
    kinds: ['full', 'increment', 'increment'],
  },
  {
    name: `proof-web-${N}`,
    guest: WEB,
    way: 'snapshot, copy, merge',
    viewport: DESK,
    targets: ['vda', 'vdb'],
    kinds: ['full', 'full'],
  },
] as const
type Guest = (typeof GUESTS)[number]

test.describe.configure({ mode: 'serial' })
test.beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  lab.user.own(folder)
  for (const { name, guest } of GUESTS) {
    await defineSavedGuest(lab, { ...guest, name })
    await lab.startGuest(name)
  }
})
test.afterAll(async () => {
  for (const { name } of GUESTS) {
    await lab.virsh('destroy', name).catch(() => '')
    for (const each of [name, `${name}-new`])
      await lab.virsh('undefine', each, '--checkpoints-metadata').catch(() => '')
  }
  rmSync(folder, { recursive: true, force: true })
})

/** What the guest has on a disk at this moment. */
const live = (name: string, index = 0): Promise<GuestRecord[]> =>
  waitUntil(
    async () => {
      // Read while the guest writes: one that is caught half way is read again.
      const records = await readRecords(lab.guests[name]!.disks[index]!).catch(() => [])
      return records.length > 0 && missingNumbers(records).length === 0 ? records : undefined
    },
    { limitMs: 20_000, what: `A reading of the records of ${name}` },
  )
const liveDisks = ({ name, targets }: Guest) => Promise.all(targets.map((_, index) => live(name, index)))
const lastSeq = (records: readonly GuestRecord[]) => records.at(-1)!.seq

/** Of each backup by hand: the last record before it was begun, and after its end. */
const moments = new Map<string, { before: number; after: number }>()

async function opened(page: Page, { name, viewport }: Guest): Promise<void> {
  await page.setViewportSize(viewport)
  await openBackups(page, name)
}

test('at 390 and 1440 px schedules are made in the browser and run by themselves; more backups by hand while the guest writes', async ({
  page,
}) => {
  test.setTimeout(3 * RUN_LIMIT_MS)
  await addTarget(page, TARGET, folder)
  for (const guest of GUESTS) {
    await opened(page, guest)
    await expect(answerOf(page)).toContainText('Not protected.')
    await saveSchedule(page, TARGET, 1)
    await expect(page.getByRole('list', { name: 'Schedules' })).toContainText(guest.way)
  }
  for (const guest of GUESTS) {
    await opened(page, guest)
    const all = backupsOn(page, TARGET)
    await expect(all).toHaveCount(1, { timeout: RUN_LIMIT_MS })
    await removeSchedule(page)
    for (const count of Array.from(guest.kinds.keys()).slice(1)) {
      const before = lastSeq(await live(guest.name))
      expect(await backUpNow(page, TARGET)).toContain('frozen for at most')
      const after = lastSeq(await live(guest.name))
      await expect(all).toHaveCount(count + 1)
      moments.set(await idOf(all.first()), { before, after })
    }
    expect((await all.allInnerTexts()).map((text) => /full|increment/.exec(text)?.[0]).reverse()).toEqual(
      guest.kinds,
    )
  }
})

for (const guest of GUESTS) {
  const { name, viewport, targets } = guest

  test(`at ${viewport.width} px, ${guest.way}: each backup is checked, and holds every record up to its moment and none after`, async ({
    page,
  }) => {
    await opened(page, guest)
    const all = backupsOn(page, TARGET)
    await all.first().getByRole('button', { name: 'Check', exact: true }).click()
    expect(await confirm(page.getByRole('dialog'), 'Check')).toMatch(/as they were written|good/)
    const ids = await Promise.all([...guest.kinds.keys()].map((index) => idOf(all.nth(index))))
    const now = await liveDisks(guest)
    let lastBefore = 0
    for (const id of ids.reverse()) {
      const disks = await Promise.all(
        targets.map((target) => readRecords(join(folder, id, `${target}.qcow2`))),
      )
      expectRecordsUpTo(now, disks)
      for (const target of targets)
        expect(await fileSystemFaults(join(folder, id, `${target}.qcow2`))).toBeUndefined()
      const last = lastSeq(disks[0]!)
      expect(last).toBeGreaterThan(lastBefore)
      expect([last >= (moments.get(id)?.before ?? 0), last <= (moments.get(id)?.after ?? Infinity)]).toEqual([
        true,
        true,
      ])
      lastBefore = last
    }
  })

  test(`at ${viewport.width} px, ${guest.way}: restored as a new VM, its disks hold every record up to the backup’s moment and none after`, async ({
    page,
  }) => {
    await opened(page, guest)
    const backup = backupsOn(page, TARGET).first()
    const id = await idOf(backup)
    expect(await restoreAsNew(page, backup, `${name}-new`)).toContain(`${name}-new is restored from ${id}`)
    const disks = await lab.virsh('domblklist', `${name}-new`)
    const restored = await Promise.all(
      targets.map((target) => readRecords(new RegExp(`^\\s*${target}\\s+(/\\S+)`, 'm').exec(disks)![1]!)),
    )
    expectRecordsUpTo(await liveDisks(guest), restored)
    expect(restored).toEqual(
      await Promise.all(targets.map((target) => readRecords(join(folder, id, `${target}.qcow2`)))),
    )
    expect((await lab.virsh('domstate', `${name}-new`)).trim()).toBe('shut off')
  })
}

/** Every record of the guest up to one, byte for byte, and none after; on a second disk up to the same or the one before. */
function expectRecordsUpTo(now: GuestRecord[][], disks: GuestRecord[][]): void {
  for (const [index, records] of disks.entries()) {
    expect(records).toEqual(now[index]!.slice(0, records.length))
    expect([0, index]).toContain(lastSeq(disks[0]!) - lastSeq(records))
    expect(lastSeq(now[index]!)).toBeGreaterThan(lastSeq(records))
  }
}

test('nothing is left in the VMs but what is theirs: one checkpoint of Keyframe, no overlay, no pool, no helper', async () => {
  for (const { name, guest } of GUESTS) {
    expect(await checkpointsOf(lab, name)).toHaveLength(guest === DB ? 1 : 0)
    for (const { path } of lab.guests[name]!.disks)
      expect(await lab.virsh('domblklist', name)).toContain(`${path}\n`)
    expect((await lab.virsh('snapshot-list', name, '--name')).trim()).toBe('')
  }
  expect(await transients(lab, folder)).toEqual([])
})
