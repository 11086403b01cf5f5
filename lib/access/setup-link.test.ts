import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseSettings } from '../settings/settings.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { checkPassword } from './check-password.ts'
import { ensureFirstAdmin } from './first-admin.ts'
import { createSetupToken, readSetupToken, takeSetupToken } from './setup-link.ts'
import { countUsers } from './users.ts'

const DAY_MS = 24 * 3_600_000

describe('first start', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeAll(async () => {
    temporary = await openTemporaryStore()
  })
  afterAll(() => temporary.remove())
  beforeEach(async () => {
    vi.useRealTimers()
    for (const table of ['setup_tokens', 'sessions', 'users'] as const)
      await store().deleteFrom(table).execute()
  })

  const firstStart = async (env: Record<string, string>) => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    await ensureFirstAdmin(parseSettings(env))
    const printed = write.mock.calls.map(([text]) => String(text)).join('')
    write.mockRestore()
    return printed
  }

  it('takes the password of KEYFRAME_ADMIN_PASSWORD, the first time only, and prints nothing', async () => {
    expect(await firstStart({ KEYFRAME_ADMIN_PASSWORD: 'the first one' })).toBe('')
    expect(await firstStart({ KEYFRAME_ADMIN_PASSWORD: 'the second one' })).toBe('')
    expect(await checkPassword('admin', 'the second one', { address: '198.51.100.1' })).toMatchObject({
      refused: 'wrong',
    })
    expect(await checkPassword('admin', 'the first one', { address: '198.51.100.1' })).toMatchObject({
      user: { name: 'admin' },
    })
  })

  it('prints a link without it, which works once; the database does not hold its token', async () => {
    const printed = await firstStart({ KEYFRAME_URL: 'https://keyframe.example' })
    const token = /https:\/\/keyframe\.example\/setup\/(\S+)/.exec(printed)?.[1] ?? ''
    expect(token).toMatch(/^[\w-]{32}$/)
    expect(JSON.stringify(await store().selectFrom('setup_tokens').selectAll().execute())).not.toContain(
      token,
    )
    expect(await readSetupToken(token)).toEqual({ userName: 'admin' })
    expect(await takeSetupToken(token, 'a good password')).toMatchObject({ name: 'admin' })
    expect(await readSetupToken(token)).toBeNull()
    await expect(takeSetupToken(token, 'another password')).rejects.toThrow(/used already or is too old/)
    expect(await countUsers()).toBe(1)
  })

  it('keeps the link when the password was too short, and makes one admin of two posts at once', async () => {
    const token = await createSetupToken(null)
    await expect(takeSetupToken(token, 'short')).rejects.toThrow(/at least 8 characters/)
    const posts = await Promise.allSettled([
      takeSetupToken(token, 'password one'),
      takeSetupToken(token, 'password two'),
    ])
    expect(posts.map((post) => post.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await countUsers()).toBe(1)
  })

  it('ends after a day, and when a newer one is made', async () => {
    const first = await createSetupToken(null)
    const second = await createSetupToken(null)
    expect(await readSetupToken(first)).toBeNull()
    vi.useFakeTimers({ now: Date.now() + DAY_MS + 1, toFake: ['Date'] })
    expect(await readSetupToken(second)).toBeNull()
    await expect(takeSetupToken(second, 'a good password')).rejects.toThrow(/too old/)
  })
})
