import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HOST, startKeyframe, type Keyframe } from '../testing/in-process.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { defineSavedGuest } from '../testing/lab/saved-guest.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'

const LIMIT_MS = 3_000
let lab: Lab
let keyframe: Keyframe
let uuid: string
const children: ChildProcess[] = []
const folders: string[] = []

const isFrozen = () =>
  lab.virsh('domfsinfo', 'web').then(
    () => false,
    (error: Error) => /frozen/.test(error.message),
  )
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A process of Keyframe's that has frozen the guest; gives the guard's pid, too. */
async function freezing(limitMs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'kf-freeze-'))
  folders.push(folder)
  const child = spawn(
    process.execPath,
    [
      '--conditions=react-server',
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('./testing/freezing-process.ts', import.meta.url)),
      folder,
      lab.uri,
      uuid,
      String(limitMs),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  children.push(child)
  const guard = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', (line) => resolve(Number(line.split(' ')[1])))
    child.once('exit', () => reject(new Error('The freezing process ended.')))
  })
  return { child, guard, frozenAtMs: Date.now() }
}

beforeAll(async () => {
  lab = await startTestLab('guard')
  await defineSavedGuest(lab, { name: 'web', disks: [{ format: 'qcow2' }] })
  await lab.startGuest('web')
  keyframe = await startKeyframe(lab)
  uuid = await keyframe.uuid('web')
})
afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
  }
})
afterAll(async () => {
  await keyframe?.stop()
  await lab?.stop({ remove: true })
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

describe('a freeze that Keyframe holds', () => {
  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'is thawed at its deadline by the guard when the app is gone or hangs (%s); the guard then ends',
    async (signal) => {
      const { child, guard, frozenAtMs } = await freezing(LIMIT_MS)
      child.kill(signal)
      expect(await isFrozen()).toBe(true)
      await waitUntil(async () => !(await isFrozen()), { limitMs: LIMIT_MS + 5_000, what: 'The thaw' })
      expect(Date.now() - frozenAtMs).toBeLessThan(LIMIT_MS + 5_000)
      child.kill('SIGKILL')
      await waitUntil(() => !isAlive(guard), { limitMs: 5_000, what: 'The end of the guard' })
    },
  )
})

describe('a guest that is found frozen when its host comes back', () => {
  const comesBack = async () => {
    await lab.killLibvirtd()
    await lab.startLibvirtd()
    const { hostByName } = await import('./registry.ts')
    await waitUntil(() => hostByName(HOST)!.connection.status.status === 'up', {
      limitMs: 30_000,
      what: 'The host',
    })
    return hostByName(HOST)!
  }

  it('is thawed when Keyframe froze it, by its own record', async () => {
    const { recordFreeze, readFreezes } = await import('./freeze-records.ts')
    await lab.virsh('domfsfreeze', 'web')
    await recordFreeze(HOST, uuid, Date.now())
    await comesBack()
    await waitUntil(async () => !(await isFrozen()), { limitMs: 20_000, what: 'The thaw' })
    await waitUntil(async () => (await readFreezes(HOST)).length === 0, {
      limitMs: 5_000,
      what: 'The end of the record',
    })
  })

  it('is shown and left when somebody else did', async () => {
    await lab.virsh('domfsfreeze', 'web')
    const host = await comesBack()
    await waitUntil(() => host.frozen.isFrozen(uuid), { limitMs: 20_000, what: 'The word that it is frozen' })
    expect(await isFrozen()).toBe(true)
    await lab.virsh('domfsthaw', 'web')
  })
})
