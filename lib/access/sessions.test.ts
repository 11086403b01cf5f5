import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import {
  createSession,
  listSessions,
  readSession,
  revokeOtherSessions,
  revokeSession,
  sessionIdOf,
  SESSION_LIFETIME_MS,
} from './sessions.ts'
import { createUser } from './users.ts'

const from = (agent: string) => ({ agent, address: '198.51.100.1' })

describe('sessions', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeAll(async () => {
    temporary = await openTemporaryStore()
  })
  afterAll(() => temporary.remove())

  it('end by revoking, by disabling the user and by age; another user’s can’t be ended', async () => {
    const [ann, bob] = [
      await createUser('ann', 'a good password', 'admin'),
      await createUser('bob', 'a good password', 'viewer'),
    ]
    const [one, two, three] = [
      (await createSession(ann.id, from('Firefox'))).id,
      (await createSession(ann.id, from('x'.repeat(500)))).id,
      (await createSession(bob.id, from(''))).id,
    ]
    expect(await readSession(one)).toEqual(ann)
    // What pages show and the database holds is no key.
    const { id, key } = await createSession(bob.id, from(''))
    expect([await readSession(sessionIdOf(key)), await readSession(sessionIdOf(id)), id === key]).toEqual([
      bob,
      null,
      false,
    ])
    expect(
      JSON.stringify([
        await store().selectFrom('sessions').selectAll().execute(),
        await listSessions(bob.id),
      ]),
    ).not.toContain(key)
    await revokeSession(bob.id, id)
    expect((await listSessions(ann.id)).map((session) => session.agent.length).sort()).toEqual(
      [200, 7].sort(),
    )

    expect((await listSessions(bob.id))[0]).toMatchObject({ id: three, address: '198.51.100.1' })

    await revokeSession(bob.id, one)
    expect(await readSession(one)).toEqual(ann)
    await revokeSession(ann.id, one)
    expect(await readSession(one)).toBeNull()

    const { id: four } = await createSession(ann.id, from(''))
    await revokeOtherSessions(ann.id, four)
    expect([await readSession(two), await readSession(four), await readSession(three)]).toEqual([
      null,
      ann,
      bob,
    ])

    await store().updateTable('users').set({ disabled: 1 }).where('id', '=', bob.id).execute()
    expect(await readSession(three)).toBeNull()

    vi.useFakeTimers({ now: Date.now() + SESSION_LIFETIME_MS + 1, toFake: ['Date'] })
    expect(await readSession(four)).toBeNull()
    vi.useRealTimers()
  })
})
