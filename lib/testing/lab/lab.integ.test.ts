import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DB, WEB } from './guest.ts'
import { fileSystemFaults, readRecords } from './guest-records.ts'
import { attachLab, type Lab } from './lab.ts'
import { isRunning, markOf, qemusOf } from './processes.ts'
import { longestGap, missingNumbers } from './record-format.ts'
import { run } from './run-command.ts'
import { defineSavedGuest } from './saved-guest.ts'
import { testDriverUri } from './test-driver.ts'
import { startTestLab } from './test-lab.ts'
import { resizeTmpfs } from './tmpfs.ts'
import { waitUntil } from './wait-until.ts'

let lab: Lab

const lastNumber = async (path: string) => (await readRecords(path)).at(-1)?.seq ?? 0

beforeAll(async () => {
  lab = await startTestLab()
  await defineSavedGuest(lab, WEB)
  await defineSavedGuest(lab, DB)
  await Promise.all([lab.startGuest('web'), lab.startGuest('db')])
})

afterAll(async () => {
  await lab?.stop({ remove: true })
})

test('a quiesced snapshot catches both disks at one record, on clean file systems', async () => {
  const [system, data] = lab.guests.web!.disks.map((disk) => disk.path) as [string, string]
  await waitUntil(async () => (await lastNumber(system)) >= 10, { limitMs: 30_000, what: 'Ten records' })
  await lab.virsh('snapshot-create-as', 'web', 'before', '--disk-only', '--atomic', '--quiesce')

  const [first, second] = [await readRecords(system), await readRecords(data)]
  const ahead = first.at(-1)!.seq - second.at(-1)!.seq
  expect([0, 1]).toContain(ahead)
  expect(missingNumbers(first)).toEqual([])
  expect(missingNumbers(second)).toEqual([])
  expect(await fileSystemFaults(system)).toBeUndefined()
  expect(await fileSystemFaults(data)).toBeUndefined()

  // The guest goes on where it stood, above the frozen images.
  const overlay = (await lab.virsh('domblklist', 'web')).match(/vda\s+(\S+)/)![1]!
  const frozenAt = first.at(-1)!.seq
  await waitUntil(async () => (await lastNumber(overlay)) > frozenAt + 5, {
    limitMs: 30_000,
    what: 'Records after the snapshot',
  })
  const after = await readRecords(overlay)
  expect(missingNumbers(after)).toEqual([])
  expect(longestGap(after, frozenAt).gapMs).toBeGreaterThan(0)
  expect(await lastNumber(system)).toBe(frozenAt)
})

test('a guest that lost its power goes on with the next number', async () => {
  const path = lab.guests.db!.disks[0]!.path
  await waitUntil(async () => (await lastNumber(path)) >= 10, { limitMs: 30_000, what: 'Ten records' })
  await lab.virsh('destroy', 'db')
  const before = await lastNumber(path)
  await lab.startGuest('db')
  await waitUntil(async () => (await lastNumber(path)) > before + 3, {
    limitMs: 30_000,
    what: 'Records of the second boot',
  })
  const records = await readRecords(path)
  expect(missingNumbers(records)).toEqual([])
  expect(new Set(records.map((record) => record.boot)).size).toBe(2)
})

test('a guest that is asked to shut down leaves a clean file system', async () => {
  await lab.virsh('shutdown', 'db', '--mode', 'agent')
  await waitUntil(async () => (await lab.virsh('domstate', 'db')).trim() === 'shut off', {
    limitMs: 30_000,
    what: 'The shutdown of db',
  })
  expect(await fileSystemFaults(lab.guests.db!.disks[0]!.path)).toBeUndefined()
})

test('libvirtd can be killed and started again, and its guests run on', async () => {
  const qemus = qemusOf(lab.dir)
  expect(qemus.length).toBeGreaterThan(0)
  await lab.killLibvirtd()
  expect(lab.isUp()).toBe(false)
  await lab.startLibvirtd()
  expect(qemus.every(isRunning)).toBe(true)
  expect(await lab.virsh('domstate', 'web')).toContain('running')
  expect(attachLab(lab.dir)!.libvirtdPid).toBe(lab.libvirtdPid)
})

test('a guest takes any name that libvirt takes, and a dead agent is one that does not answer', async () => {
  const name = `<b>"Ümläut' & 'co" ${'x'.repeat(60)}`
  await lab.defineGuest({ name, agent: 'dead', system: 'none', memoryMiB: 16 })
  await lab.startGuest(name)
  expect(await lab.virsh('list', '--name')).toContain(name)
  await expect(lab.virsh('domfsinfo', '--domain', name)).rejects.toThrow(/agent/)
  await lab.virsh('destroy', '--domain', name)
})

test('a guest without a system writes hard', async () => {
  await lab.defineGuest({
    name: 'writer',
    system: 'writer',
    disks: [{ format: 'qcow2', virtualBytes: 64 << 20 }],
  })
  await lab.startGuest('writer')
  const written = async () =>
    Number(/wr_bytes (\d+)/.exec(await lab.virsh('domblkstat', 'writer', 'vda'))?.[1])
  await waitUntil(async () => (await written()) > 70_000_000, {
    limitMs: 60_000,
    what: 'A full round over its disk',
  })
  await lab.virsh('destroy', 'writer')
})

test('a small file system can be filled, and given room', async () => {
  const path = await lab.mountTmpfs('small', 1 << 20)
  await expect(run('dd', ['if=/dev/zero', `of=${path}/file`, 'bs=64k', 'count=32'])).rejects.toThrow(
    /No space left/,
  )
  await resizeTmpfs(path, 4 << 20)
  await run('dd', ['if=/dev/zero', `of=${path}/file`, 'bs=64k', 'count=32'])
})

test('a thousand VMs of the test driver through the same libvirtd', async () => {
  const names = await run('virsh', ['-c', testDriverUri(lab, 1000), 'list', '--all', '--name'])
  expect(names.trim().split('\n')).toHaveLength(1000)
})

test('two labs side by side know nothing of each other, and one that ends leaves no process', async () => {
  const other = await startTestLab()
  await other.defineGuest({ name: 'alone', system: 'none', memoryMiB: 16 })
  await other.startGuest('alone', { paused: true })
  expect(await lab.virsh('list', '--all', '--name')).not.toContain('alone')
  const own = [markOf(other.libvirtdPid!)!, ...qemusOf(other.dir)]
  expect(own).toHaveLength(2)
  expect(readFileSync(`/proc/${own[1]!.pid}/status`, 'utf8')).toMatch(new RegExp(`Uid:\\s+${other.uid}\\s`))
  expect(await other.stop({ remove: true })).toBe(2)
  expect(own.some(isRunning)).toBe(false)
  expect(await lab.virsh('domstate', 'web')).toContain('running')
})
