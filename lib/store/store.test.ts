import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeStore, openStore, store } from './store.ts'
import { openTemporaryStore } from './temporary-store.ts'

describe('store', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeAll(async () => { temporary = await openTemporaryStore() })
  afterAll(() => temporary.remove())

  it('keeps its folder to its owner', () => {
    expect(statSync(temporary.directory).mode & 0o777).toBe(0o700)
  })

  it('writes durably', async () => {
    expect((await sql`PRAGMA journal_mode`.execute(store())).rows).toEqual([{ journal_mode: 'wal' }])
    expect((await sql`PRAGMA synchronous`.execute(store())).rows).toEqual([{ synchronous: 2 }])
  })

  it('refuses a second process with a sentence, and leaves the data as it was when opened again', async () => {
    const other = spawnSync(process.execPath, ['--conditions=react-server', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', `
      const { openStore } = await import(${JSON.stringify(fileURLToPath(new URL('store.ts', import.meta.url)))})
      await openStore().catch((error) => { console.log(error.message); process.exit(3) })
    `], { env: { ...process.env, KEYFRAME_DATA: temporary.directory }, encoding: 'utf8' })
    expect([other.status, other.stdout]).toEqual([3, `Another Keyframe process uses the data in ${temporary.directory}. Stop it first, or give this one a KEYFRAME_DATA of its own.\n`])
    await store().insertInto('setup_tokens').values({ hash: 'kept', expires_at_ms: 1 }).execute()
    await closeStore()
    await openStore()
    expect(await store().selectFrom('setup_tokens').select('hash').execute()).toEqual([{ hash: 'kept' }])
  })
})
