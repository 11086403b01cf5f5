import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveData } from './save-data.ts'
import { closeStore, openStore, store } from './store.ts'
import { openTemporaryStore } from './temporary-store.ts'

describe('store', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeAll(async () => {
    temporary = await openTemporaryStore()
  })
  afterAll(() => temporary.remove())

  it('keeps its folder to its owner', () => {
    expect(statSync(temporary.directory).mode & 0o777).toBe(0o700)
  })

  it('keeps every file in it to its owner, whatever the umask is, and whoever made them', async () => {
    const modes = () =>
      Object.fromEntries(
        readdirSync(temporary.directory)
          .filter((name) => !statSync(join(temporary.directory, name)).isDirectory())
          .map((name) => [name, (statSync(join(temporary.directory, name)).mode & 0o777).toString(8)]),
      )
    await closeStore()
    for (const name of readdirSync(temporary.directory)) chmodSync(join(temporary.directory, name), 0o644)
    const umask = process.umask(0)
    try {
      await openStore()
      await store().insertInto('setup_tokens').values({ hash: 'written', expires_at_ms: 1 }).execute()
      expect(modes()).toEqual({
        'keyframe.db': '600',
        'keyframe.db-wal': '600',
        'keyframe.db-shm': '600',
        'jobs.db': '600',
        lock: '600',
        secret: '600',
        ...('lock-journal' in modes() ? { 'lock-journal': '600' } : {}),
      })
      const other = await mkdtemp(join(tmpdir(), 'kf-modes-'))
      saveData(temporary.directory, join(other, 'copy'), join(temporary.directory, 'secret'))
      expect(
        readdirSync(join(other, 'copy')).map((name) =>
          (statSync(join(other, 'copy', name)).mode & 0o777).toString(8),
        ),
      ).toEqual(['600', '600'])
      await rm(other, { recursive: true })
    } finally {
      process.umask(umask)
    }
    await store().deleteFrom('setup_tokens').execute()
  })

  it('writes durably', async () => {
    expect((await sql`PRAGMA journal_mode`.execute(store())).rows).toEqual([{ journal_mode: 'wal' }])
    expect((await sql`PRAGMA synchronous`.execute(store())).rows).toEqual([{ synchronous: 2 }])
  })

  it('refuses a second process with a sentence, and leaves the data as it was when opened again', async () => {
    const other = spawnSync(
      process.execPath,
      [
        '--conditions=react-server',
        '--disable-warning=ExperimentalWarning',
        '--input-type=module',
        '-e',
        `
      const { openStore } = await import(${JSON.stringify(fileURLToPath(new URL('store.ts', import.meta.url)))})
      await openStore().catch((error) => { console.log(error.message); process.exit(3) })
    `,
      ],
      { env: { ...process.env, KEYFRAME_DATA: temporary.directory }, encoding: 'utf8' },
    )
    expect([other.status, other.stdout]).toEqual([
      3,
      `Another Keyframe process uses the data in ${temporary.directory}. Stop it first, or give this one a KEYFRAME_DATA of its own.\n`,
    ])
    await store().insertInto('setup_tokens').values({ hash: 'kept', expires_at_ms: 1 }).execute()
    await closeStore()
    await openStore()
    expect(await store().selectFrom('setup_tokens').select('hash').execute()).toEqual([{ hash: 'kept' }])
  })
})
