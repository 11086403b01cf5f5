import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guestWrites } from '../testing/in-process.ts'
import { patternAt } from '../testing/image-bytes.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'

const MIB = 1024 * 1024
const PROCESS_LIMIT_MS = 90_000
let lab: Lab
let dataDirectory: string
let targetPath: string
let pattern = 0x10

interface Ended {
  status: string
  error: string | null
  result: string[]
  backups: { id: string; kind: string; parent_id: string | null }[]
}

beforeAll(async () => {
  lab = await startTestLab('crash')
  dataDirectory = mkdtempSync(join(tmpdir(), 'kf-crash-'))
  targetPath = join(lab.dir, 'backups')
  mkdirSync(targetPath)
  lab.user.own(targetPath)
  await lab.defineGuest({ name: 'db', system: 'none', disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }] })
  await lab.startGuest('db')
})
afterAll(async () => {
  await lab?.stop({ remove: true })
  if (dataDirectory) rmSync(dataDirectory, { recursive: true, force: true })
})

/** One Keyframe process to its end. */
function keyframe(...words: string[]): { signal: string | null; ended: Ended | null } {
  const script = fileURLToPath(new URL('../testing/backup-crash-process.ts', import.meta.url))
  const { signal, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--conditions=react-server',
      '--disable-warning=ExperimentalWarning',
      script,
      dataDirectory,
      lab.uri,
      targetPath,
      ...words,
    ],
    { encoding: 'utf8', timeout: PROCESS_LIMIT_MS, killSignal: 'SIGTERM' },
  )
  if (signal === null && stdout === '') throw new Error(`The process said nothing: ${stderr}`)
  return { signal, ended: stdout === '' ? null : (JSON.parse(stdout) as Ended) }
}

/** Begins a backup in a process that is killed at the boundary, lets another one take it up, and gives how it ended. */
async function crashAt(boundary: string, method: 'incremental' | 'copy'): Promise<Ended> {
  pattern++
  await guestWrites(lab, 'db', 0, pattern, 0)
  const vm = (await lab.virsh('domuuid', '--domain', 'db')).trim()
  const input = {
    host: 'lab',
    vm,
    method,
    disks: null,
    quiesce: 'off',
    bandwidthBytesPerSecond: 0,
    forceFull: false,
    nonce: crypto.randomUUID(),
  }
  expect(keyframe(JSON.stringify(input), boundary)).toEqual({ signal: 'SIGKILL', ended: null })
  return keyframe('take-up').ended!
}

/** What must be true however it ended: nothing half done, no file that no backup has, one checkpoint. */
async function isTidy(ended: Ended) {
  expect([ended.status, ended.error]).toEqual(['succeeded', null])
  expect(
    readdirSync(targetPath)
      .filter((name) => name !== 'keyframe-target.json')
      .sort(),
  ).toEqual(ended.backups.map((backup) => backup.id).sort())
  expect(readdirSync(lab.imagesDir)).toEqual(['db-vda.qcow2'])
  expect(await lab.virsh('dumpxml', '--domain', 'db')).toContain(`${lab.imagesDir}/db-vda.qcow2'`)
  expect((await lab.virsh('list', '--all', '--name')).trim().split('\n')).toEqual(['db'])
  const newest = join(targetPath, ended.backups.at(-1)!.id)
  expect(existsSync(join(newest, 'manifest.json'))).toBe(true)
  expect(await patternAt(join(newest, 'vda.qcow2'), 'qcow2', 0)).toBe(pattern)
}

describe('Keyframe is killed in the middle of a backup, and another process takes it up', () => {
  it.each([
    'plan@acted',
    'make the files@acted',
    'begin@before',
    'begin@acted',
    'copy@waiting',
    'read vda.qcow2 back@acted',
    'write the manifest@before',
    'write the manifest@acted',
    'note it in the catalogue@acted',
    'let older checkpoints go@before',
    'let older checkpoints go@acted',
  ])('incremental, at %s: it comes to its end, exact, with one checkpoint', async (boundary) => {
    const ended = await crashAt(boundary, 'incremental')
    await isTidy(ended)
    const newest = ended.backups.at(-1)!
    expect(newest.kind).toBe(ended.backups.length === 1 ? 'full' : 'increment')
    expect((await lab.virsh('checkpoint-list', '--domain', 'db', '--name')).trim()).toBe(
      `keyframe-${newest.id}`,
    )
  })

  it.each([
    'snapshot@before',
    'snapshot@acted',
    'copy vda@before',
    'copy vda@acted',
    'merge vda back@acted',
    'pivot vda@before',
    'pivot vda@acted',
    'remove the overlay of vda@before',
    'write the manifest@acted',
  ])('snapshot, copy, merge, at %s: it comes to its end, merged', async (boundary) => {
    await isTidy(await crashAt(boundary, 'copy'))
  })
})
