import { copyFile } from 'node:fs/promises'
import { expect, test } from '@playwright/test'
import {
  deleteSnapshot,
  layers,
  mergeAll,
  open,
  openVm,
  revertTo,
  snapshotItem,
  takeSnapshot,
} from './browser-acts.ts'
import { fileSystemFaults, readRecords, type Image } from '../lib/testing/lab/guest-records.ts'
import { type GuestRecord, longestGap, missingNumbers } from '../lib/testing/lab/record-format.ts'
import { testLab } from './under-test.ts'

// The walk of the seed: a live backup and a way back, on a guest that writes to both disks all the time.
test.describe.configure({ mode: 'serial' })

const NAME = 'walk'
/** A gap of one freeze must stand out from the pause between two records. */
const PACE_MS = 20
/** Records before and after the one that a snapshot froze last, in which its gap is looked for. */
const AROUND = 25
const ROUNDS = 3

type Records = [vda: GuestRecord[], vdb: GuestRecord[]]

const lab = testLab()
const last = (records: GuestRecord[]) => records.at(-1)!.seq
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** Both disks' files as libvirt has them now. */
async function files(): Promise<[string, string]> {
  const found = [...(await lab.virsh('domblklist', NAME)).matchAll(/^\s*vd[ab]\s+(\/\S+)/gm)].map(
    (match) => match[1]!,
  )
  expect(found).toHaveLength(2)
  return found as [string, string]
}

/** Records of both disks while the guest stands still, so that none is caught half written. */
async function recordsNow(): Promise<Records> {
  await lab.virsh('suspend', NAME)
  try {
    const [vda, vdb] = await files()
    return [await readRecords(vda), await readRecords(vdb)]
  } finally {
    await lab.virsh('resume', NAME)
  }
}

async function expectOneMoment(vda: Image, vdb: Image): Promise<Records> {
  const [first, second] = [await readRecords(vda), await readRecords(vdb)]
  expect(missingNumbers(first)).toEqual([])
  expect(missingNumbers(second)).toEqual([])
  // The guest writes record n to vda, then to vdb.
  expect([last(first), last(first) - 1]).toContain(last(second))
  expect(await fileSystemFaults(vda)).toBeUndefined()
  expect(await fileSystemFaults(vdb)).toBeUndefined()
  return [first, second]
}

/** The first records alone are printed: there are thousands. */
function expectSame(records: GuestRecord[], wanted: GuestRecord[]): void {
  const differ = wanted.findIndex(
    (record, index) => JSON.stringify(record) !== JSON.stringify(records[index]),
  )
  if (differ >= 0) expect(records.slice(differ, differ + 3)).toEqual(wanted.slice(differ, differ + 3))
  expect(records.length).toBe(wanted.length)
}

test.beforeAll(async () => {
  await lab.defineGuest({ name: NAME, disks: [{ format: 'raw' }, { format: 'qcow2' }], paceMs: PACE_MS })
  await lab.startGuest(NAME)
})
test.afterAll(async () => {
  await lab.virsh('destroy', NAME)
})

test('a snapshot holds a guest’s writes no longer than virsh does', async ({ page }) => {
  await openVm(page, NAME)
  const frozenAt: Record<'keyframe' | 'virsh', number[]> = { keyframe: [], virsh: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const by of ['keyframe', 'virsh'] as const) {
      const [vda] = await files()
      if (by === 'keyframe') await takeSnapshot(page, `gap-${round}`, 'required')
      else
        await lab.virsh(
          'snapshot-create-as',
          NAME,
          `gap-${round}-virsh`,
          '--disk-only',
          '--atomic',
          '--quiesce',
        )
      frozenAt[by].push(last(await readRecords(vda)))
    }
  }
  const [records] = await recordsNow()
  expect(missingNumbers(records)).toEqual([])
  const gapMs = (by: 'keyframe' | 'virsh') =>
    median(
      frozenAt[by].map(
        (seq) => longestGap(records.filter((record) => Math.abs(record.seq - seq) <= AROUND)).gapMs,
      ),
    )
  const normalMs = median(records.slice(1).map((record, index) => record.epochMs - records[index]!.epochMs))
  console.log(
    `walk: longest gap between two guest writes around a quiesced snapshot, median of ${ROUNDS}: Keyframe ${gapMs('keyframe')} ms, virsh snapshot-create-as ${gapMs('virsh')} ms (two writes are ${normalMs} ms apart otherwise)`,
  )
  // Both wait for the same freeze; far more would mean that we hold the guest longer than libvirt does.
  expect(gapMs('keyframe')).toBeLessThan(3 * gapMs('virsh') + 500)
  await expect(layers(page, 'vda')).toHaveCount(1 + 2 * ROUNDS)
  await mergeAll(page)
  await expect(layers(page, 'vda')).toHaveCount(1)
})

test('the live backup: snapshot, copy the frozen base, merge; no record is missing', async ({
  page,
}, info) => {
  await open(page, '/')
  await page.getByRole('link', { name: NAME, exact: true }).click()
  await expect(layers(page, 'vda')).toHaveCount(1)
  const bases = await files()
  const said = await takeSnapshot(page, 'before upgrade', 'required')
  expect(said).toMatch(/vda, vdb, all caught at one moment/)
  expect(said).toMatch(/frozen for at most \d+ ms, 2 file systems/)
  for (const [index, target] of ['vda', 'vdb'].entries()) {
    await expect(layers(page, target)).toHaveCount(2)
    await expect(layers(page, target).first()).toContainText(bases[index]!)
    await expect(layers(page, target).last()).toContainText((await files())[index]!)
  }
  const frozen = await expectOneMoment({ path: bases[0], format: 'raw' }, { path: bases[1], format: 'qcow2' })

  const backups = bases.map((base) => info.outputPath(base.split('/').pop()!)) as [string, string]
  await Promise.all(bases.map((base, index) => copyFile(base, backups[index]!)))

  expect(await mergeAll(page)).toMatch(/vda/)
  for (const target of ['vda', 'vdb']) await expect(layers(page, target)).toHaveCount(1)
  const xml = await lab.virsh('dumpxml', NAME)
  expect(await files(), xml).toEqual(bases)
  expect(xml.match(/<backingStore type=/g), xml).toBeNull()
  expect((await lab.virsh('snapshot-list', NAME, '--name')).trim()).toBe('')

  // The backup is the moment of the snapshot, whatever was written since.
  const backedUp = await expectOneMoment(
    { path: backups[0], format: 'raw' },
    { path: backups[1], format: 'qcow2' },
  )
  for (const [index, records] of (await recordsNow()).entries()) {
    expect(missingNumbers(records)).toEqual([])
    expectSame(records.slice(0, frozen[index]!.length), frozen[index]!)
    expect(last(records)).toBeGreaterThan(last(frozen[index]!))
    expectSame(backedUp[index]!, frozen[index]!)
  }
})

test('two snapshots; a revert to the first gives exactly its data; the second is deleted', async ({
  page,
}) => {
  await openVm(page, NAME)
  const bases = await files()
  await takeSnapshot(page, 'first', 'required')
  const frozen = await expectOneMoment({ path: bases[0], format: 'raw' }, { path: bases[1], format: 'qcow2' })
  await takeSnapshot(page, 'second', 'required')
  await expect(snapshotItem(page, 'second')).toBeVisible()

  await revertTo(page, 'first', { stateAfter: 'running' })
  await lab.waitForAgent(NAME)
  const bootThen = frozen[0].at(-1)!.boot
  for (const [index, records] of (await recordsNow()).entries()) {
    expectSame(
      records.filter((record) => record.boot <= bootThen),
      frozen[index]!,
    )
    // It goes on from there, on both disks.
    expect(missingNumbers(records)).toEqual([])
    expect(last(records)).toBeGreaterThan(last(frozen[0]))
  }

  await deleteSnapshot(page, 'second')
  await expect(snapshotItem(page, 'second')).toHaveCount(0)
  await expect(snapshotItem(page, 'first')).toBeVisible()
  expect((await lab.virsh('snapshot-list', NAME, '--name')).trim()).toBe('first')
})
