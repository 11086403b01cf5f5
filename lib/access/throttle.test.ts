import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { deriveKey } from '../secrets/derive-key.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { authenticate } from './authenticate.ts'
import { checkOwnPassword, checkPassword } from './check-password.ts'
import { withDevice } from './device-token.ts'
import { askToForget, countTry, forgetFailures } from './throttle.ts'
import { createUser, type User } from './users.ts'

const MINUTE_MS = 60_000
const [HERE, THERE] = ['198.51.100.1', '203.0.113.9']
const GOOD = 'a good password'

describe('guessing passwords', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  let ann: User
  beforeAll(async () => {
    temporary = await openTemporaryStore()
    ann = await createUser('ann', GOOD, 'viewer')
  })
  afterAll(() => temporary.remove())
  beforeEach(() => forgetFailures())
  afterEach(() => void vi.useRealTimers())

  const tryFrom = (address: string | null, name = 'ann') =>
    countTry({ kind: 'user', name, address, known: null })
  const fail = async (times: number, address: string, name = 'ann') => {
    for (let time = 0; time < times; time++) await tryFrom(address, name)
  }
  const hashOf = async (id: string) =>
    (await store().selectFrom('users').select('password_hash').where('id', '=', id).executeTakeFirstOrThrow())
      .password_hash
  const deviceOf = async (user: User) =>
    withDevice(
      deriveKey('devices'),
      undefined,
      { id: user.id, passwordHash: await hashOf(user.id) },
      Date.now(),
    )

  it('lets five failures of one name from one address pass, and not a sixth; another address is none the worse', async () => {
    await fail(5, HERE)
    expect(await checkPassword('ann', GOOD, { address: HERE })).toMatchObject({
      refused: 'wait-5',
      sentence: 'Too many failed sign-ins. Try again in 5 minutes.',
      limitReached: true,
    })
    expect(await checkPassword('ann', GOOD, { address: HERE })).toMatchObject({
      refused: 'wait-5',
      limitReached: false,
    })
    expect(await checkPassword('ann', GOOD, { address: THERE })).toMatchObject({ user: { name: 'ann' } })
    vi.useFakeTimers({ now: Date.now() + 5 * MINUTE_MS + 1_000, toFake: ['Date'] })
    expect(await checkPassword('ann', GOOD, { address: HERE })).toMatchObject({ user: { name: 'ann' } })
  })

  it('is not outrun by many guesses at once', async () => {
    const checks = await Promise.all(
      Array.from({ length: 12 }, (_, guess) => checkPassword('ann', `guess ${guess}`, { address: HERE })),
    )
    expect(checks.filter((check) => 'refused' in check && check.refused === 'wrong')).toHaveLength(5)
  })

  it('keeps no known browser out, whatever is tried elsewhere or where the address is not known', async () => {
    const devices = await deviceOf(ann)
    for (const address of [HERE, THERE]) await fail(30, address)
    // Those past the limit of the name wait, which nobody here does.
    for (let each = 0; each < 90; each++)
      void countTry({ kind: 'user', name: 'ann', address: `192.0.2.${each}`, known: null })
    for (let each = 0; each < 90; each++)
      void countTry({ kind: 'user', name: `name ${each}`, address: null, known: null })
    for (const address of [HERE, THERE, null]) {
      const begunAtMs = performance.now()
      expect([address, await checkPassword('ann', GOOD, { address, devices })]).toMatchObject([
        address,
        { user: { name: 'ann' } },
      ])
      expect(performance.now() - begunAtMs).toBeLessThan(900)
    }
  })

  it('counts the tries of a known browser by themselves, five', async () => {
    const devices = await deviceOf(ann)
    for (let guess = 0; guess < 5; guess++)
      expect(await checkPassword('ann', `guess ${guess}`, { address: HERE, devices })).toMatchObject({
        refused: 'wrong',
      })
    expect(await checkPassword('ann', GOOD, { address: HERE, devices })).toMatchObject({ refused: 'wait-5' })
    expect(await checkPassword('ann', GOOD, { address: HERE })).toMatchObject({ user: { name: 'ann' } })
  })

  it('knows a browser of one user only, and none after the password changed', async () => {
    const bob = await createUser('bob', GOOD, 'viewer')
    const devices = await deviceOf(bob)
    await fail(5, HERE)
    await fail(5, HERE, 'bob')
    expect(await checkPassword('ann', GOOD, { address: HERE, devices })).toMatchObject({ refused: 'wait-5' })
    expect(await checkPassword('bob', GOOD, { address: HERE, devices })).toMatchObject({
      user: { name: 'bob' },
    })
    await store()
      .updateTable('users')
      .set({ password_hash: (await hashOf(bob.id)).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) })
      .where('id', '=', bob.id)
      .execute()
    expect(await checkPassword('bob', GOOD, { address: HERE, devices })).toMatchObject({ refused: 'wait-5' })
  })

  it('counts a change of password against the session', async () => {
    for (let each = 0; each < 60; each++)
      void countTry({ kind: 'user', name: 'ann', address: `192.0.2.${each}`, known: null })
    for (let guess = 0; guess < 5; guess++)
      expect(await checkOwnPassword(ann.id, 's1', 'wrong')).toEqual({
        sentence: 'The current password is wrong.',
      })
    expect(await checkOwnPassword(ann.id, 's1', GOOD)).toEqual({
      sentence: 'Too many failed sign-ins. Try again in 5 minutes.',
    })
    expect(await checkOwnPassword(ann.id, 's2', GOOD)).toBe('right')
    expect(await checkPassword('ann', GOOD, { address: HERE, devices: await deviceOf(ann) })).toMatchObject({
      user: { name: 'ann' },
    })
  })

  it('writes nothing for tries that are not let through, and few for those that are', async () => {
    const count = async (table: 'audit' | 'audit_results') =>
      Number(
        (
          await store()
            .selectFrom(table)
            .select((select) => select.fn.countAll<number>().as('count'))
            .executeTakeFirstOrThrow()
        ).count,
      )
    for (let guess = 0; guess < 5; guess++)
      await authenticate('ann', `guess ${guess}`, { address: HERE, agent: '' })
    await authenticate('ann', 'another guess', { address: HERE, agent: '' })
    const before = [await count('audit'), await count('audit_results')]
    expect(before).toEqual([6, 6])
    for (let guess = 0; guess < 20; guess++)
      await authenticate('ann', `guess ${guess}`, { address: HERE, agent: '' })
    expect([await count('audit'), await count('audit_results')]).toEqual(before)
  })

  it('tells in the audit log when a name reaches its limit', async () => {
    for (let each = 0; each < 49; each++)
      await countTry({ kind: 'user', name: 'ann', address: `192.0.2.${each}`, known: null })
    await authenticate('ann', 'wrong', { address: HERE, agent: '' })
    const [last] = await store()
      .selectFrom('audit')
      .innerJoin('audit_results', 'audit_id', 'id')
      .select(['user_name', 'act', 'sentence'])
      .orderBy('id', 'desc')
      .limit(1)
      .execute()
    expect(last).toEqual({
      user_name: 'ann',
      act: 'session.sign-in',
      sentence: expect.stringMatching(/^50 failed sign-ins with this name in 5 minutes/),
    })
  })

  it('forgets when a command beside it asks for that', async () => {
    await fail(5, HERE)
    expect(await tryFrom(HERE)).toMatchObject({ waitMinutes: 5 })
    vi.useFakeTimers({ now: Date.now() + 1, toFake: ['Date'] })
    await askToForget(store())
    expect(await tryFrom(HERE)).toHaveProperty('right')
  })

  it('says the same of an unknown name and of a wrong password', async () => {
    expect(await checkPassword('nobody', 'x', { address: HERE })).toEqual(
      await checkPassword('ann', 'x', { address: HERE }),
    )
  })
})
