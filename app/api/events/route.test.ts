import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { changeRole } from '@/lib/access/change-role'
import { currentSession } from '@/lib/access/current-user'
import { disableUser } from '@/lib/access/disable-user'
import { createSession, revokeSession } from '@/lib/access/sessions'
import { createUser, type User } from '@/lib/access/users'
import { newestId, publish } from '@/lib/live/hub'
import { STREAMS_PER_SESSION } from '@/lib/live/stream-places'
import type { LiveEvent } from '@/lib/live/types'
import { openTemporaryStore } from '@/lib/store/temporary-store'
import { GET } from './route.ts'

vi.mock('@/lib/access/current-user', () => ({ currentSession: vi.fn() }))

/** What a browser gets, as it comes; `next` rejects when nothing came in a second. */
async function openStream(user: User, since: string | null = null) {
  const { id } = await createSession(user.id, { agent: '', address: null })
  vi.mocked(currentSession).mockResolvedValue({ id, user })
  const abort = new AbortController()
  const response = await GET(
    new Request(`http://x/api/events${since === null ? '' : `?since=${since}`}`, { signal: abort.signal }),
    { params: Promise.resolve({}) },
  )
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const next = async (): Promise<LiveEvent | 'end'> => {
    for (;;) {
      const { done, value } = await Promise.race([
        reader.read(),
        new Promise<never>((_, reject) => setTimeout(() => reject(new Error('nothing came')), 1_000)),
      ])
      if (done) return 'end'
      const data = /^data: (.*)$/m.exec(value)?.[1]
      if (data && data !== '{}') return JSON.parse(data) as LiveEvent
    }
  }
  return { id, next, close: () => abort.abort() }
}

describe('the event stream', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  let [ann, bob]: User[] = []
  beforeEach(async () => {
    temporary = await openTemporaryStore()
    ;[ann, bob] = [
      await createUser('ann', 'a good password', 'admin'),
      await createUser('bob', 'a good password', 'viewer'),
    ]
  })
  afterEach(() => temporary.remove())

  it('ends at once for a disabled user, and for a session that was revoked, with a word to the browser', async () => {
    const [one, two] = [await openStream(bob!), await openStream(bob!)]
    await revokeSession(bob!.id, one.id)
    expect([await one.next(), await one.next()]).toEqual([{ type: 'signed-out' }, 'end'])
    expect(await two.next()).toEqual({ type: 'reload' })
    await disableUser(bob!.id)
    expect([await two.next(), await two.next()]).toEqual([{ type: 'signed-out' }, 'end'])
  })

  it('tells a user whose role changed to read the page again, and from then on what the new role may hear', async () => {
    const [admin, viewer] = [await openStream(ann!), await openStream(bob!)]
    publish({ type: 'users' })
    publish({ type: 'audit', host: null, vmUuid: null })
    publish({ type: 'audit', host: 'lab', vmUuid: 'v1' })
    expect(await viewer.next()).toEqual({ type: 'audit', host: 'lab', vmUuid: 'v1' })
    await changeRole({ id: bob!.id, role: 'admin' })
    expect(await viewer.next()).toEqual({ type: 'reload' })
    publish({ type: 'users' })
    expect(await viewer.next()).toEqual({ type: 'users' })
    // The sign-in of bob comes first; nobody hears of another's access.
    expect(
      [await admin.next(), await admin.next(), await admin.next(), await admin.next()].map((event) =>
        event === 'end' ? event : event.type,
      ),
    ).toEqual(['users', 'users', 'audit', 'audit'])
    viewer.close()
    admin.close()
  })

  it('closes a session’s oldest stream for one more than it may have', async () => {
    const { id } = await createSession(bob!.id, { agent: '', address: null })
    vi.mocked(currentSession).mockResolvedValue({ id, user: bob! })
    const open = async () => {
      const abort = new AbortController()
      const response = await GET(new Request('http://x/api/events', { signal: abort.signal }), {
        params: Promise.resolve({}),
      })
      const reader = response.body!.getReader()
      await reader.read()
      return {
        end: () =>
          Promise.race([
            reader.read().then(({ done }) => done),
            new Promise((resolve) => setTimeout(() => resolve('open'), 50)),
          ]),
        close: () => abort.abort(),
      }
    }
    const streams = []
    for (let count = 0; count <= STREAMS_PER_SESSION; count++) streams.push(await open())
    expect(await Promise.all(streams.map(({ end }) => end()))).toEqual([
      true,
      ...Array<string>(STREAMS_PER_SESSION).fill('open'),
    ])
    for (const { close } of streams) close()
    const again = await open()
    expect(await again.end()).toBe('open')
    again.close()
  })

  it('makes up for a change that came between the page and its stream', async () => {
    const renderedAt = newestId()
    await changeRole({ id: bob!.id, role: 'operator' })
    const late = await openStream({ ...bob!, role: 'operator' }, renderedAt)
    expect(await late.next()).toEqual({ type: 'reload' })
    late.close()
  })
})
