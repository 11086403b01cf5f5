import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { closeStore, openStore, store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { checkPassword } from './check-password.ts'
import { countTry } from './throttle.ts'
import { createUser } from './users.ts'

const MINUTE_MS = 60_000

describe('guessing passwords', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeAll(async () => { temporary = await openTemporaryStore(); await createUser('ann', 'a good password', 'viewer') })
  afterAll(() => temporary.remove())
  afterEach(async () => { vi.useRealTimers(); await store().deleteFrom('login_failures').execute() })

  const fail = async (name: string, times: number) => { for (let time = 0; time < times; time++) await countTry('user', name) }

  it('lets five failures of one name pass, and not a sixth try', async () => {
    await fail('ann', 4)
    expect(await countTry('user', 'ann')).toBeNull()
    expect(await countTry('user', 'ann')).toBe(5)
    expect(await countTry('user', 'bob')).toBeNull()
  })

  it('refuses even the right password then, in one sentence, and again takes it after the wait', async () => {
    await fail('ann', 5)
    expect(await checkPassword('ann', 'a good password')).toEqual({ refused: 'wait-5', sentence: 'Too many failed sign-ins. Try again in 5 minutes.' })
    vi.useFakeTimers({ now: Date.now() + 5 * MINUTE_MS + 1_000, toFake: ['Date'] })
    expect(await checkPassword('ann', 'a good password')).toMatchObject({ user: { name: 'ann' } })
  })

  it('is not outrun by many guesses at once', async () => {
    const checks = await Promise.all(Array.from({ length: 12 }, (_, guess) => checkPassword('ann', `guess ${guess}`)))
    expect(checks.filter((check) => 'refused' in check && check.refused === 'wrong').length).toBeLessThanOrEqual(5)
  })

  it('counts over all names, for a guesser may change the name', async () => {
    for (let each = 0; each < 100; each++) await countTry('user', `name ${each}`)
    expect(await countTry('user', 'somebody new')).toBe(5)
  })

  it('of guesses at the passwords of links keeps nobody from signing in, and the other way round', async () => {
    for (let each = 0; each < 100; each++) await countTry('share', `link ${each}`)
    expect([await countTry('share', 'another'), await countTry('user', 'ann')]).toEqual([5, null])
    await store().deleteFrom('login_failures').execute()
    for (let each = 0; each < 100; each++) await countTry('user', `share:${each}`)
    expect([await countTry('user', 'ann'), await countTry('share', 'link')]).toEqual([5, null])
  })

  it('outlives a restart, and a good sign-in clears the name', async () => {
    await fail('ann', 4)
    await closeStore()
    await openStore()
    expect(await checkPassword('ann', 'wrong')).toMatchObject({ refused: 'wrong' })
    expect(await countTry('user', 'ann')).toBe(5)
    await store().deleteFrom('login_failures').execute()
    await fail('ann', 4)
    await checkPassword('ann', 'a good password')
    expect(await store().selectFrom('login_failures').selectAll().execute()).toEqual([])
  })

  it('says the same of an unknown name and of a wrong password', async () => {
    expect(await checkPassword('nobody', 'x')).toEqual(await checkPassword('ann', 'x'))
  })
})
