import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forgetMasterKey, masterKey } from '../secrets/master-key.ts'
import { decryptSecret, encryptSecret } from '../secrets/stored-secret.ts'
import { forgetSettings } from '../settings/settings.ts'
import { ROTATION_POINTS, type RotationPoint } from './rotate-key.ts'
import { saveData } from './save-data.ts'
import { closeStore, openStore, store } from './store.ts'

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const SECRETS: Record<string, string> = {
  c1: '{"url":"https://hooks.example/one","token":null}',
  c2: '{"password":"pass word"}',
}
let folder: string
let data: string
let env: Record<string, string>

/** This process reads its settings and its key again. */
function settle(more: Record<string, string> = {}): void {
  env = { KEYFRAME_DATA: data, ...more }
  delete process.env.KEYFRAME_SECRET_FILE
  Object.assign(process.env, env)
  forgetSettings()
  forgetMasterKey()
}
async function run(
  args: string[],
): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  const child = spawn(
    process.execPath,
    ['--conditions=react-server', '--disable-warning=ExperimentalWarning', ...args],
    { env: { NODE_ENV: 'production', PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null, string | null]>,
  ])
  return { code, signal, stdout, stderr }
}
const rotate = () => run([here('rotate.ts')])
/** A change of keys whose process is killed at one point of it. */
const rotateUntil = (point: RotationPoint) =>
  run([
    '--input-type=module',
    '-e',
    `
  const { openStore } = await import(${JSON.stringify(here('store.ts'))})
  const { rotateKey } = await import(${JSON.stringify(here('rotate-key.ts'))})
  await openStore()
  await rotateKey((point) => { if (point === ${JSON.stringify(point)}) process.kill(process.pid, 'SIGKILL') })
`,
  ])
async function fill(): Promise<void> {
  await openStore()
  await store()
    .insertInto('users')
    .values({
      id: 'u1',
      name: 'ann',
      password_hash: 'x',
      disabled: 0,
      created_at_ms: 1,
      role: 'admin',
      seen_at_ms: null,
    } as never)
    .execute()
  for (const [id, plain] of Object.entries(SECRETS)) {
    await store()
      .insertInto('notification_channels')
      .values({
        id,
        kind: 'json',
        name: id,
        settings: '{"room":null}',
        secrets: encryptSecret(plain, `notification_channels/${id}`),
        hears_protection: 1,
        hears_jobs: 1,
        digest_at: null,
        time_zone: 'UTC',
        digest_handled_until_ms: 0,
        created_at_ms: 1,
        created_by: 'ann',
        last_sent_at_ms: null,
        failing_since_ms: null,
        error: null,
      })
      .execute()
  }
  await closeStore()
}
const stored = async () =>
  Object.fromEntries(
    (await store().selectFrom('notification_channels').select(['id', 'secrets']).orderBy('id').execute()).map(
      ({ id, secrets }) => [id, secrets],
    ),
  )
const readable = async () =>
  Object.fromEntries(
    Object.entries(await stored()).map(([id, secrets]) => [
      id,
      decryptSecret(secrets, `notification_channels/${id}`),
    ]),
  )

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-rotate-'))
  data = join(folder, 'data')
  settle()
})
afterEach(async () => {
  await closeStore()
  settle()
  rmSync(folder, { recursive: true })
})

describe('npm run rotate', () => {
  it('a key that is not the one of the data is refused at the start, and rotate goes on without what it encrypted', async () => {
    await fill()
    writeFileSync(join(data, 'secret'), 'f'.repeat(64))
    settle()
    await expect(openStore()).rejects.toThrow(
      /is not the one that the database .* was written with\. Put that key back/,
    )
    await closeStore()
    const { code, stdout } = await rotate()
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/notification_channels\/c1 could not be read with the old key/) as string,
    ])
    settle()
    await openStore()
  })

  it('is refused while a backup is unfinished, whose directory carries a mark of the key; nothing is changed', async () => {
    await fill()
    await openStore()
    const before = [masterKey(), await stored()]
    await store()
      .insertInto('jobs')
      .values({
        id: 'j',
        kind: 'backup',
        host: 'h',
        vm_uuid: 'u',
        vm_name: 'web',
        title: 'Back up to nightly',
        status: 'running',
        by: 'ann',
        nonce: 'n',
        input: '{}',
        created_at_ms: 1,
        can_cancel: 0,
        cancel_requested: 0,
      } as never)
      .execute()
    await closeStore()
    expect(await rotate()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /“Back up to nightly” is not finished\. Start Keyframe, wait for it or cancel it/,
      ) as string,
    })
    settle()
    await openStore()
    expect([masterKey(), await stored()]).toEqual(before)
    expect(existsSync(join(data, 'secret.next'))).toBe(false)
  })

  for (const where of ['in the data folder', 'in KEYFRAME_SECRET_FILE'] as const) {
    const isOwnFile = where === 'in KEYFRAME_SECRET_FILE'
    const keyPath = () => (isOwnFile ? join(folder, 'keys/master') : join(data, 'secret'))
    const prepare = async () => {
      if (isOwnFile) {
        mkdirSync(join(folder, 'keys'))
        writeFileSync(keyPath(), 'k'.repeat(64))
        chmodSync(keyPath(), 0o640)
        settle({ KEYFRAME_SECRET_FILE: keyPath() })
      }
      await fill()
      return masterKey()
    }

    it(`makes a new key ${where}, and writes with it what is stored`, async () => {
      const before = await prepare()
      await openStore()
      const old = await stored()
      await closeStore()
      expect(await rotate()).toEqual({
        code: 0,
        signal: null,
        stderr: '',
        stdout: expect.stringMatching(
          /^keyframe: the key is changed, and 2 stored secrets are encrypted with the new one\. Everybody must sign in again/,
        ),
      })
      forgetMasterKey()
      expect(masterKey()).not.toBe(before)
      expect(statSync(keyPath()).mode & 0o777).toBe(isOwnFile ? 0o640 : 0o600)
      await openStore()
      expect(await readable()).toEqual(SECRETS)
      expect(() => decryptSecret(old.c1!, 'notification_channels/c1')).toThrow('another key')
      // What was written with the key of before is not in the file any more.
      const bytes = ['keyframe.db', 'keyframe.db-wal']
        .map((name) => (existsSync(join(data, name)) ? readFileSync(join(data, name), 'latin1') : ''))
        .join('')
      expect(Object.values(old).filter((text_) => bytes.includes(text_))).toEqual([])
      expect(
        readdirSync(isOwnFile ? join(folder, 'keys') : data).filter((name) => name.includes('.next')),
      ).toEqual([])
    })

    for (const point of ROTATION_POINTS) {
      it(`${where}, killed at “${point}”: all can be read after the next start, with one key`, async () => {
        const before = await prepare()
        expect(await rotateUntil(point)).toMatchObject({ signal: 'SIGKILL' })
        forgetMasterKey()
        await openStore()
        expect(await readable()).toEqual(SECRETS)
        const isNew = ROTATION_POINTS.indexOf(point) >= ROTATION_POINTS.indexOf('committed')
        expect(masterKey() !== before).toBe(isNew)
        expect(existsSync(`${keyPath()}.next`)).toBe(false)
        expect(
          (await store().selectFrom('secret_state').select('clear_free_pages').executeTakeFirstOrThrow())
            .clear_free_pages,
        ).toBe(0)
        await closeStore()
        // And it can be done again.
        expect(await rotate()).toMatchObject({ code: 0 })
        forgetMasterKey()
        await openStore()
        expect(await readable()).toEqual(SECRETS)
      })
    }
  }

  it('a copy that is made while a change of keys lies broken off holds the key that it needs', async () => {
    await fill()
    expect(await rotateUntil('committed')).toMatchObject({ signal: 'SIGKILL' })
    const copy = join(folder, 'copy')
    saveData(data, copy, join(data, 'secret'))
    expect(readFileSync(join(copy, 'secret'), 'utf8').trim()).toBe(
      readFileSync(join(data, 'secret.next'), 'utf8').trim(),
    )
    data = copy
    settle()
    await openStore()
    expect(await readable()).toEqual(SECRETS)
  })

  it('refuses while Keyframe runs, where the key can’t be replaced, and where there is nothing', async () => {
    expect(await rotate()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`There is no Keyframe database in ${data}.`),
    })
    await fill()
    const before = readFileSync(join(data, 'secret'), 'utf8')
    await openStore()
    expect(await rotate()).toMatchObject({
      code: 1,
      stderr: `keyframe: Another Keyframe process uses the data in ${data}. Stop it first, or give this one a KEYFRAME_DATA of its own.\n`,
    })
    await closeStore()
    // A folder in which nobody can make a file, not even root.
    settle({ KEYFRAME_SECRET_FILE: '/proc/self/environ' })
    expect(await rotate()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^keyframe: KEYFRAME_SECRET_FILE: the key in \/proc\/self\/environ can't be replaced: .* Nothing was changed\.\n$/,
      ),
    })
    settle()
    await openStore()
    expect(await readable()).toEqual(SECRETS)
    expect(readFileSync(join(data, 'secret'), 'utf8')).toBe(before)
  })

  it('leaves what it can’t read as it is, says so, and goes on with the rest', async () => {
    await fill()
    await openStore()
    const foreign = encryptSecret('{}', 'notification_channels/c1', 'x'.repeat(64))
    await store()
      .updateTable('notification_channels')
      .set({ secrets: foreign })
      .where('id', '=', 'c1')
      .execute()
    await closeStore()
    expect(await rotate()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /1 stored secret is encrypted with the new one[^]*keyframe: notification_channels\/c1 could not be read with the old key/,
      ),
    })
    forgetMasterKey()
    await openStore()
    const after = await stored()
    expect([after.c1, decryptSecret(after.c2!, 'notification_channels/c2')]).toEqual([foreign, SECRETS.c2])
  })
})
