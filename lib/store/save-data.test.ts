import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
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
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Kysely, sql, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decryptSecret, encryptSecret } from '../secrets/stored-secret.ts'
import { forgetSettings } from '../settings/settings.ts'
import { MIGRATIONS } from './migrations.ts'
import { openSqlite } from './sqlite.ts'
import { closeStore, openStore, store } from './store.ts'
import { openTemporaryStore } from './temporary-store.ts'

const command = fileURLToPath(new URL('save.ts', import.meta.url))

/** The command as a process of its own; ours holds the data meanwhile, as Keyframe does. */
async function save(dataDirectory: string, ...folders: string[]) {
  return saveWith({}, dataDirectory, ...folders)
}
async function saveWith(variables: Record<string, string>, dataDirectory: string, ...folders: string[]) {
  const child = spawn(
    process.execPath,
    ['--conditions=react-server', '--disable-warning=ExperimentalWarning', command, ...folders],
    {
      env: { NODE_ENV: 'production', PATH: process.env.PATH, KEYFRAME_DATA: dataDirectory, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ])
  return { code, stdout, stderr }
}

const job = (id: string, status: string) => ({
  id,
  kind: 'merge',
  host: 'h',
  vm_uuid: 'u',
  vm_name: 'web',
  title: 'Merge vda',
  status,
  by: 'ann',
  nonce: id,
  input: '{}',
  created_at_ms: 1,
  ended_at_ms: status === 'succeeded' ? 2 : null,
  percent: 10,
  note: 'copies',
  result: null,
  error: null,
  can_cancel: 1,
  cancel_requested: 0,
  version: '1',
  run: 1,
  mode: 'do',
  locks: '["/a"]',
  begun_at_ms: 1,
  offers: '["pause"]',
  request: null,
  copied_bytes: null,
  kept: '{}',
})

it('what an older Keyframe left is kept beside it before it is brought up to date', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kf-old-'))
  const old = new Kysely<unknown>({
    dialect: new SqliteDialect({ database: async () => openSqlite(join(directory, 'keyframe.db')) }),
  })
  const first = { '0001-first': MIGRATIONS['0001-first']! }
  expect(
    (await new Migrator({ db: old, provider: { getMigrations: async () => first } }).migrateToLatest()).error,
  ).toBeUndefined()
  await sql`INSERT INTO users (id, name, password_hash, disabled, created_at_ms) VALUES ('u1', 'ann', 'h', 0, 1)`.execute(
    old,
  )
  await old.destroy()
  process.env.KEYFRAME_DATA = directory
  forgetSettings()
  await openStore()
  expect(await store().selectFrom('users').select(['name', 'role']).execute()).toEqual([
    { name: 'ann', role: 'admin' },
  ])
  await closeStore()
  const kept = new DatabaseSync(join(directory, 'before-0002-durable-operations/keyframe.db'), {
    readOnly: true,
  })
  expect(kept.prepare('SELECT * FROM users').all()).toEqual([
    { id: 'u1', name: 'ann', password_hash: 'h', disabled: 0, created_at_ms: 1 },
  ])
  kept.close()
  // Only once, and none of what is up to date.
  await openStore()
  await closeStore()
  expect(readdirSync(directory).filter((name) => name.startsWith('before-'))).toEqual([
    'before-0002-durable-operations',
  ])
  rmSync(directory, { recursive: true })
})

describe('npm run save', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeAll(async () => {
    temporary = await openTemporaryStore()
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
      })
      .execute()
    await store()
      .insertInto('sessions')
      .values({
        id: 'a-session-that-is-open',
        user_id: 'u1',
        created_at_ms: 1,
        seen_at_ms: 1,
        expires_at_ms: Date.now() + 1e9,
        agent: '',
        address: null,
      })
      .execute()
    for (const status of ['running', 'queued', 'waiting', 'succeeded'])
      await store().insertInto('jobs').values(job(status, status)).execute()
  })
  afterAll(() => temporary.remove())

  it('copies what Keyframe knows while it runs; in the copy no job is under way and nobody is signed in, and what runs is untouched', async () => {
    const folder = join(temporary.directory, 'copies/monday')
    expect(await save(temporary.directory, folder)).toEqual({
      code: 0,
      stdout: expect.stringContaining(`keyframe: saved to ${folder}: the database and the key`) as string,
      stderr: '',
    })
    expect(readdirSync(folder).sort()).toEqual(['keyframe.db', 'secret'])
    expect(
      ['', 'keyframe.db', 'secret'].map((name) => (statSync(join(folder, name)).mode & 0o777).toString(8)),
    ).toEqual(['700', '600', '600'])
    expect(readdirSync(join(temporary.directory, 'copies'))).toEqual(['monday'])
    expect(
      readFileSync(join(folder, 'keyframe.db')).includes('a-session-that-is-open'),
      'not even in a free page',
    ).toBe(false)
    expect(
      (await store().selectFrom('jobs').select('status').orderBy('id').execute()).map(({ status }) => status),
    ).toEqual(['queued', 'running', 'succeeded', 'waiting'])
    expect(await store().selectFrom('sessions').select('id').execute()).toHaveLength(1)

    await closeStore()
    const use = (directory: string) => {
      process.env.KEYFRAME_DATA = directory
      forgetSettings()
    }
    use(folder)
    await openStore()
    expect(await store().selectFrom('users').select(['name', 'role']).execute()).toEqual([
      { name: 'ann', role: 'admin' },
    ])
    const jobs = await store()
      .selectFrom('jobs')
      .select(['id', 'status', 'ended_at_ms', 'error'])
      .orderBy('id')
      .execute()
    expect(jobs.map(({ id, status }) => `${id}: ${status}`)).toEqual([
      'queued: failed',
      'running: failed',
      'succeeded: succeeded',
      'waiting: failed',
    ])
    expect(jobs[1]).toMatchObject({
      ended_at_ms: expect.any(Number),
      error: expect.stringContaining('began anew from a copy of its data'),
    })
    expect(jobs[2]).toMatchObject({ ended_at_ms: 2, error: null })
    expect(await store().selectFrom('sessions').selectAll().execute()).toEqual([])
    await closeStore()
    use(temporary.directory)
    await openStore()
  })

  it('holds the key wherever it lies, so that what is encrypted can be read from the copy', async () => {
    const [keyFile, folder] = [
      join(temporary.directory, 'elsewhere'),
      join(temporary.directory, 'copies/key'),
    ]
    writeFileSync(keyFile, 'e'.repeat(64), { mode: 0o600 })
    const secrets = encryptSecret(
      '{"url":"https://hooks.example/x","token":null}',
      'notification_channels/c1',
      'e'.repeat(64),
    )
    await store()
      .insertInto('notification_channels')
      .values({
        id: 'c1',
        kind: 'json',
        name: 'hook',
        settings: '{"room":null}',
        secrets,
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
    expect(await saveWith({ KEYFRAME_SECRET_FILE: keyFile }, temporary.directory, folder)).toMatchObject({
      code: 0,
    })
    expect((statSync(join(folder, 'secret')).mode & 0o777).toString(8)).toBe('600')
    const copy = new DatabaseSync(join(folder, 'keyframe.db'), { readOnly: true })
    const stored = copy.prepare('SELECT secrets FROM notification_channels').get()!.secrets as string
    copy.close()
    expect(
      decryptSecret(stored, 'notification_channels/c1', readFileSync(join(folder, 'secret'), 'utf8').trim()),
    ).toContain('hooks.example')
    // A key that lies there from before, and none.
    expect(await saveWith({}, temporary.directory, join(temporary.directory, 'copies/other'))).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is not the one with which the secrets in the database are written'),
    })
    expect(
      await saveWith(
        { KEYFRAME_SECRET_FILE: '/nonexistent/key' },
        temporary.directory,
        join(temporary.directory, 'copies/none'),
      ),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no key in /nonexistent/key that this user can read'),
    })
    expect(existsSync(join(temporary.directory, 'copies/none'))).toBe(false)
    await store().deleteFrom('notification_channels').execute()
  })

  it('overwrites nothing, and says what is missing', async () => {
    const there = join(temporary.directory, 'there')
    mkdirSync(there)
    expect(await save(temporary.directory, there)).toMatchObject({
      code: 1,
      stderr: `keyframe: ${there} exists already. Name a folder that does not: nothing is overwritten.\n`,
    })
    expect(readdirSync(there)).toEqual([])
    expect(await save('/nonexistent/keyframe', join(temporary.directory, 'x'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no Keyframe database in /nonexistent/keyframe.'),
    })
    expect(existsSync(join(temporary.directory, 'x'))).toBe(false)
    expect(await save(temporary.directory)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Name one folder'),
    })
  })
})
