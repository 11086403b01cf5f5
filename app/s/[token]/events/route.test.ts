import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createUser } from '@/lib/access/users'
import { findShare } from '@/lib/shares/find-share'
import { createShare } from '@/lib/shares/create-share'
import { openShare } from '@/lib/shares/open-share'
import { revokeShare } from '@/lib/shares/revoke-share'
import { startJobRow } from '@/lib/shares/testing/job-row'
import type { ShareEvent } from '@/lib/shares/types'
import { updateJob } from '@/lib/jobs/job-rows'
import { publish } from '@/lib/live/hub'
import { store } from '@/lib/store/store'
import { openTemporaryStore } from '@/lib/store/temporary-store'
import { GET } from './route.ts'

vi.mock('@/lib/shares/open-share', () => ({ openShare: vi.fn() }))

/** What a browser gets, as it comes; `next` rejects when nothing came in two seconds. */
async function openStream(token: string, unlocked = true) {
  const share = await findShare(token)
  vi.mocked(openShare).mockResolvedValue(share && { share, unlocked })
  const abort = new AbortController()
  const response = await GET(new Request(`http://x/s/${token}/events`, { signal: abort.signal }), {
    params: Promise.resolve({ token }),
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const next = async (): Promise<ShareEvent | 'end'> => {
    for (;;) {
      const { done, value } = await Promise.race([
        reader!.read(),
        new Promise<never>((_, reject) => setTimeout(() => reject(new Error('nothing came')), 2_000)),
      ])
      if (done) return 'end'
      const data = /^data: (.*)$/m.exec(value)?.[1]
      if (data && data !== '{}') return JSON.parse(data) as ShareEvent
    }
  }
  return { status: response.status, next, close: () => abort.abort() }
}

describe('the event stream of a share', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  let token: string
  beforeEach(async () => {
    temporary = await openTemporaryStore()
    await startJobRow('j1')
    await startJobRow('j2')
    const ann = await createUser('ann', 'a good password', 'operator')
    const { link } = await createShare(
      { kind: 'job', jobId: 'j1', lifetime: '1h', password: '', showPaths: false },
      ann,
    )
    token = link.slice(link.lastIndexOf('/') + 1)
  })
  afterEach(() => temporary.remove())

  it('tells of its own job only, in numbers, and ends at once when it is revoked', async () => {
    const stream = await openStream(token)
    await updateJob('j2', { percent: 7 })
    publish({ type: 'users' })
    await updateJob('j1', { percent: 8, note: 'copying /srv/secret/a.qcow2' })
    await updateJob('j1', { percent: 9 })
    expect([await stream.next(), await stream.next()]).toEqual([
      { type: 'changed' },
      { type: 'progress', jobId: 'j1', percent: 9 },
    ])
    await revokeShare({ id: (await findShare(token))!.id })
    expect([await stream.next(), await stream.next()]).toEqual([{ type: 'ended' }, 'end'])
    expect((await openStream(token)).status).toBe(404)
  })

  it('ends when its time is over', async () => {
    await store()
      .updateTable('shares')
      .set({ expires_at_ms: Date.now() + 300 })
      .execute()
    const stream = await openStream(token)
    expect(stream.status).toBe(200)
    expect([await stream.next(), await stream.next()]).toEqual([{ type: 'ended' }, 'end'])
  })

  it('demands the password', async () => {
    expect((await openStream(token, false)).status).toBe(401)
  })
})
