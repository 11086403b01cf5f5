import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { forgetFailures } from '../access/throttle.ts'
import { startJobRow } from './testing/job-row.ts'
import { subscribe } from '../live/hub.ts'
import type { LiveEvent } from '../live/types.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { countOpening } from './count-opening.ts'
import { createShare } from './create-share.ts'
import { findShare, isWorking } from './find-share.ts'
import { listShares } from './list-shares.ts'
import { OPENINGS_PER_HOUR } from './opening-pace.ts'
import { revokeShare } from './revoke-share.ts'
import { isShareAddress } from './share-address.ts'
import { takeStream } from './streams.ts'
import { isUnlocked, tryPassword } from './unlock.ts'

const ANN = { id: 'u1', name: 'ann', role: 'operator' } as const
const JOB = 'job-1'
const HERE = '198.51.100.1'
const share = async (change: { password?: string; lifetime?: '1h' | '7d' } = {}) => {
  const { link } = await createShare(
    { kind: 'job', jobId: JOB, lifetime: '7d', password: '', showPaths: false, ...change },
    ANN,
  )
  return new URL(link).pathname.split('/')[2]!
}

describe('share links', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeEach(async () => {
    temporary = await openTemporaryStore()
    await startJobRow(JOB)
    forgetFailures()
    await store()
      .insertInto('users')
      .values({ ...ANN, password_hash: 'x', disabled: 0, created_at_ms: 1, seen_at_ms: null })
      .execute()
  })
  afterEach(async () => {
    vi.useRealTimers()
    await temporary.remove()
  })

  it('keep the hash of their token alone, and are found by the whole token alone', async () => {
    const token = await share()
    expect(Buffer.from(token, 'base64url')).toHaveLength(24)
    expect(JSON.stringify(await store().selectFrom('shares').selectAll().execute())).not.toContain(token)
    expect((await findShare(token))?.jobId).toBe(JOB)
    const changed = `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.at(-1)}`
    for (const wrong of [
      changed,
      token.slice(1),
      `${token}A`,
      '',
      '%',
      token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase(),
    ])
      expect([wrong, await findShare(wrong)]).toEqual([wrong, null])
  })

  it('end with their time, exactly, and when they are revoked', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const [short, long] = [await share({ lifetime: '1h' }), await share()]
    vi.setSystemTime(Date.now() + 3_600_000 - 1)
    expect(await findShare(short)).not.toBeNull()
    vi.setSystemTime(Date.now() + 1)
    expect(await findShare(short)).toBeNull()
    const { id } = (await findShare(long))!
    await revokeShare({ id })
    expect([await findShare(long), await isWorking(id)]).toEqual([null, false])
    await expect(revokeShare({ id })).rejects.toThrow('revoked already')
    expect((await listShares()).map(({ state }) => state).sort()).toEqual(['expired', 'revoked'])
    vi.setSystemTime(Date.now() + 31 * 24 * 3_600_000)
    await share()
    expect(await listShares()).toHaveLength(1)
  })

  it('count how often they were opened', async () => {
    const { id } = (await findShare(await share()))!
    const heard: LiveEvent[] = []
    const { end } = subscribe(null, ({ event }) => heard.push(event))
    await Promise.all([countOpening(id, HERE), countOpening(id, HERE), countOpening(id, '203.0.113.9')])
    // One word at once, and one more when the second is over.
    expect(heard).toEqual([{ type: 'share', shareId: id }])
    await vi.waitFor(() => expect(heard).toHaveLength(2), { timeout: 2_000 })
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect(heard).toHaveLength(2)
    end()
    expect(await listShares({ kind: 'job', jobId: JOB })).toMatchObject([
      { by: 'ann', openedCount: 3, state: 'open', hasPassword: false },
    ])
    expect(await listShares({ kind: 'job', jobId: 'another' })).toEqual([])
    for (let time = 0; time < 30; time++) await countOpening(id, HERE)
    expect((await listShares())[0]?.openedCount).toBe(OPENINGS_PER_HOUR + 1)
  })

  it('with a password open by it alone; its cookie opens no other share, ends, and can’t be made', async () => {
    const [one, two] = [
      (await findShare(await share({ password: 'a good password' })))!,
      (await findShare(await share({ password: 'a good password' })))!,
    ]
    expect(isUnlocked(one, undefined)).toBe(false)
    expect(await tryPassword(one, 'another password', HERE)).toBe('wrong')
    const answer = await tryPassword(one, 'a good password', HERE)
    if (typeof answer === 'string' || 'waitMinutes' in answer)
      throw new Error('the right password was refused')
    expect([isUnlocked(one, answer.cookie), isUnlocked(two, answer.cookie)]).toEqual([true, false])
    const [until, signed] = answer.cookie.split('.')
    for (const made of [
      `${Number(until) + 1}.${signed}`,
      `${until}.`,
      `${until}`,
      '',
      `NaN.${signed}`,
      `${until}.${signed}x`,
    ])
      expect([made, isUnlocked(one, made)]).toEqual([made, false])
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(answer.untilMs)
    expect(isUnlocked(one, answer.cookie)).toBe(false)
  })

  it('let nobody guess their password for long', async () => {
    const [one, two] = [
      (await findShare(await share({ password: 'a good password' })))!,
      (await findShare(await share({ password: 'a good password' })))!,
    ]
    for (let guess = 0; guess < 5; guess++)
      expect(await tryPassword(one, `guess ${guess}`, HERE)).toBe('wrong')
    expect(await tryPassword(one, 'a good password', HERE)).toMatchObject({ waitMinutes: 5 })
    // Its other readers are none the worse.
    expect(await tryPassword(one, 'a good password', '203.0.113.9')).toHaveProperty('cookie')
    expect(await tryPassword(two, 'a good password', HERE)).toHaveProperty('cookie')
  })

  it('are made of what is there, with a password that is one', async () => {
    await expect(
      createShare({ kind: 'job', jobId: 'none', lifetime: '7d', password: '', showPaths: false }, ANN),
    ).rejects.toThrow('There is no such job. No link was made.')
    await store().updateTable('users').set({ role: 'viewer' }).execute()
    await expect(share()).rejects.toThrow('You may not make share links any more. No link was made.')
    await store().updateTable('users').set({ role: 'operator', disabled: 1 }).execute()
    await expect(share()).rejects.toThrow('No link was made.')
    await expect(share({ password: 'short' })).rejects.toThrow('too short')
    expect(await listShares()).toEqual([])
  })
})

it('streams of one share are limited, and a place that was given back is free', () => {
  const places = Array.from({ length: 100 }, () => takeStream('s'))
  expect([places.includes(null), takeStream('s'), takeStream('other') === null]).toEqual([false, null, false])
  places[0]!()
  const again = takeStream('s')
  expect(again).not.toBeNull()
  for (const leave of [...places.slice(1), again]) leave!()
})

it('addresses of share links, and of nothing else', () => {
  for (const path of [
    '/s/abc',
    '/s/abc/',
    '/s/abc?wrong',
    '/s/a%20b',
    '/s/abc/events',
    '/s/abc/events?since=x',
    '/s/abc/unlock',
    '/s/abc/opened',
  ])
    expect([path, isShareAddress(path)]).toEqual([path, true])
  for (const path of [
    '/',
    '/s',
    '/s/',
    '/shares',
    '/s/abc/more',
    '/s/abc/events/more',
    '/hosts/s/abc',
    '/x/s/abc',
    '/s//events',
  ])
    expect([path, isShareAddress(path)]).toEqual([path, false])
})
