import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setClock } from '../schedules/clock.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { failingChannels, listChannels } from './channel-views.ts'
import { removeChannel } from './remove-channel.ts'
import { saveChannel } from './save-channel.ts'
import { lookAtNotifications, startNotifications, stopNotifications } from './start-notifications.ts'
import { testChannel } from './test-channel.ts'
import { beginJob, endJob, webhookInput, writeProtection } from './testing/messages.ts'
import { startReceiver, type Receiver } from './testing/receiver.ts'

const ANN = { name: 'ann' }
const MINUTE_MS = 60_000
let now: number
let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
let receiver: Receiver

const add = async (change: object = {}, url = receiver.url) => { const input = webhookInput(url, change); await saveChannel(input, ANN); return input }
/** Lets time pass, and what became due be sent. */
const pass = async (ms: number) => { now += ms; await lookAtNotifications() }
const view = async (name = 'hook') => (await listChannels()).find((channel) => channel.name === name)!
const restart = async () => { await stopNotifications(); startNotifications(); await lookAtNotifications() }
const rows = () => store().selectFrom('notification_outbox').selectAll().orderBy('created_at_ms').execute()

beforeEach(async () => {
  now = Date.parse('2026-11-27T12:00:00Z')
  temporary = await openTemporaryStore()
  // No hypervisor is asked for anything.
  ;(globalThis as { keyframeHosts?: unknown }).keyframeHosts = new Map()
  setClock({ clock: { now: () => now }, wake: () => undefined })
  receiver = await startReceiver()
  startNotifications()
})
afterEach(async () => {
  await stopNotifications()
  setClock(null)
  await receiver.stop()
  await temporary.remove()
})

describe('a change of protection', () => {
  it('is told once, whatever is restarted; the first sight of a VM is none', async () => {
    await add()
    await writeProtection('db', 'unprotected', 'no-backup', now)
    await lookAtNotifications()
    expect(receiver.received).toEqual([])
    await writeProtection('db', 'protected', null, ++now, 'The backup of 02:30 passed its check.')
    await lookAtNotifications()
    await restart()
    await lookAtNotifications()
    expect(receiver.titles()).toEqual(['db on lab is protected'])
    await writeProtection('db', 'at-risk', 'failed', ++now)
    // Written, and the process ended before it was told.
    await stopNotifications()
    startNotifications()
    await lookAtNotifications()
    expect(receiver.titles()).toEqual(['db on lab is protected', 'db on lab is at risk'])
    expect(receiver.received[1]!.body).toMatchObject({ version: 1, event: 'protection', link: null, vms: [{ name: 'db', protection: 'at-risk', before: 'protected' }] })
  })

  it('while nobody listened is not told to who listens later', async () => {
    await writeProtection('db', 'unprotected', 'no-backup', now)
    await lookAtNotifications()
    await writeProtection('db', 'protected', null, ++now)
    await lookAtNotifications()
    await add()
    await pass(MINUTE_MS)
    expect(receiver.received).toEqual([])
  })

  it('a VM that is gone and comes back begins anew', async () => {
    await add()
    await writeProtection('db', 'protected', null, now)
    await lookAtNotifications()
    await store().deleteFrom('protection_states').execute()
    await lookAtNotifications()
    await writeProtection('db', 'unprotected', 'no-backup', ++now)
    await lookAtNotifications()
    expect([receiver.received, (await store().selectFrom('notification_told').select('state').execute())]).toEqual([[], [{ state: 'unprotected' }]])
  })

  it('wakes it by itself, soon and not at once', async () => {
    await add()
    await writeProtection('db', 'protected', null, now)
    await lookAtNotifications()
    await writeProtection('db', 'at-risk', 'failed', ++now)
    const { publish } = await import('../live/hub.ts')
    publish({ type: 'job', job: { endedAtMs: now } as never })
    expect(receiver.received).toEqual([])
    await expect.poll(() => receiver.titles(), { timeout: 5_000 }).toEqual(['db on lab is at risk'])
  })
})

describe('a job', () => {
  it('that failed is told once, a cancelled or a good one not, and one that waits once a run', async () => {
    await add()
    for (const id of ['bad', 'good', 'gone', 'stuck']) await beginJob(id)
    await endJob('bad', 'failed', now, 'The target is full.')
    await endJob('good', 'succeeded', now)
    await endJob('gone', 'cancelled', now)
    await store().updateTable('jobs').set({ status: 'waiting', error: 'Half of it is done.' }).where('id', '=', 'stuck').execute()
    await lookAtNotifications()
    await restart()
    expect(receiver.titles().sort()).toEqual(['web on lab: “Merge vda” failed', 'web on lab: “Merge vda” waits for a decision'])
    expect(receiver.received.map((each) => each.body)).toContainEqual(expect.objectContaining({ event: 'job-failed', text: expect.stringContaining('The target is full. '), jobs: [expect.objectContaining({ id: 'bad', status: 'failed', error: 'The target is full.' })] }))
    // Tried again it fails anew.
    await store().updateTable('jobs').set({ status: 'running', ended_at_ms: null, run: 2 }).where('id', 'in', ['bad', 'stuck']).execute()
    await lookAtNotifications()
    await endJob('bad', 'failed', now, 'Still full.')
    await store().updateTable('jobs').set({ status: 'waiting' }).where('id', '=', 'stuck').execute()
    await lookAtNotifications()
    expect(receiver.titles()).toHaveLength(4)
  })

  it('is told to who hears jobs alone', async () => {
    await add({ hearsJobs: false })
    await add({ name: 'jobs', hearsProtection: false }, `${receiver.url}/jobs`)
    await writeProtection('db', 'protected', null, now)
    await lookAtNotifications()
    await writeProtection('db', 'at-risk', 'failed', ++now)
    await beginJob('bad')
    await endJob('bad', 'failed', now)
    await lookAtNotifications()
    expect(receiver.received.map((each) => [each.path, (each.body as { event: string }).event]).sort()).toEqual([['/', 'protection'], ['/jobs', 'job-failed']])
  })
})

describe('sending', () => {
  const fail = async (id: string) => { await beginJob(id, { title: id }); await endJob(id, 'failed', now, 'Why.') }

  it('is tried again after 30 s, 2 min, 10 min, 1 h and 6 h, then given up and shown', async () => {
    await add()
    receiver.answerWith(500, 'out of order')
    await fail('a')
    await lookAtNotifications()
    const failedAtMs = now
    expect(await view()).toMatchObject({ failingSinceMs: failedAtMs, error: 'It answered 500: out of order', waiting: 1, nextAttemptAtMs: now + 30_000, lastSentAtMs: null })
    expect(await failingChannels()).toEqual([{ name: 'hook', sinceMs: failedAtMs }])
    let attempts = 1
    for (const waitMs of [30_000, 2 * MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS, 360 * MINUTE_MS]) {
      expect((await rows())[0]!.next_attempt_at_ms).toBe(now + waitMs)
      await pass(waitMs - 1)
      expect(receiver.received).toHaveLength(attempts)
      await pass(1)
      expect(receiver.received).toHaveLength(++attempts)
    }
    expect(new Set(receiver.received.map((each) => (each.body as { id: string }).id)).size).toBe(1)
    expect(await rows()).toMatchObject([{ attempts: 6, next_attempt_at_ms: null, given_up_at_ms: now, sent_at_ms: null, last_error: 'It answered 500: out of order' }])
    expect(await view()).toMatchObject({ failingSinceMs: failedAtMs, waiting: 0, recent: [{ state: 'given up', attempts: 6 }] })
    await pass(24 * 60 * MINUTE_MS)
    expect(receiver.received).toHaveLength(6)
  })

  it('recovers with the first that is taken, and what waits goes at once', async () => {
    await add()
    receiver.answerWith(503)
    await fail('a')
    await lookAtNotifications()
    await pass(30_000)
    await fail('b')
    await lookAtNotifications()
    expect(await view()).toMatchObject({ waiting: 2 })
    receiver.answerWith(200)
    await fail('c')
    await pass(1)
    expect(receiver.received.slice(3).map((each) => (each.body as { jobs: { id: string }[] }).jobs[0]!.id).sort()).toEqual(['a', 'b', 'c'])
    expect(await view()).toMatchObject({ failingSinceMs: null, error: null, waiting: 0, lastSentAtMs: now })
    expect(await failingChannels()).toEqual([])
  })

  it('a test says how it went at once, and the channel’s state follows it', async () => {
    const { id } = await add()
    receiver.answerWith(404, 'no such topic')
    expect(await testChannel(id, ANN)).toEqual({ sent: false, sentence: 'It answered 404: no such topic' })
    expect(await view()).toMatchObject({ failingSinceMs: now, error: 'It answered 404: no such topic' })
    receiver.answerWith(204)
    expect(await testChannel(id, ANN)).toEqual({ sent: true })
    expect(await view()).toMatchObject({ failingSinceMs: null, lastSentAtMs: now, recent: [] })
    expect(receiver.titles()).toEqual(['Test from Keyframe', 'Test from Keyframe'])
  })

  it('one channel that hangs delays no other', async () => {
    const slow = await startReceiver()
    slow.answer = () => undefined
    await add({ name: 'slow' }, slow.url)
    await add()
    await fail('a')
    const looking = lookAtNotifications()
    await expect.poll(() => receiver.received.length).toBe(1)
    expect(slow.received).toHaveLength(1)
    await fail('b')
    now += 1
    void lookAtNotifications()
    await expect.poll(() => receiver.received.length).toBe(2)
    expect(slow.received).toHaveLength(1)
    // A stop ends the attempt, which then counts as none.
    await stopNotifications()
    await looking
    expect((await rows()).filter((row) => row.sent_at_ms === null).map((row) => row.attempts)).toEqual([0, 0])
    await slow.stop()
  })

  it('a channel that is changed tries at once; one that is removed forgets what waits', async () => {
    const input = await add()
    receiver.answerWith(500)
    await fail('a')
    await lookAtNotifications()
    receiver.answerWith(200)
    await saveChannel({ ...input, exists: true, secretUrl: `${receiver.url}/right` } as typeof input, ANN)
    await lookAtNotifications()
    expect(receiver.received.map((each) => each.path)).toEqual(['/', '/right'])
    receiver.answerWith(500)
    await fail('b')
    await lookAtNotifications()
    await removeChannel(input)
    expect([await rows(), await listChannels()]).toEqual([[], []])
    await expect(removeChannel(input)).rejects.toThrow('There is no such channel')
    await expect(saveChannel({ ...input, exists: true }, ANN)).rejects.toThrow('removed meanwhile')
  })

  it('survives a clock that is set back, and forgets after 30 days', async () => {
    await add()
    receiver.answerWith(500)
    await fail('a')
    await lookAtNotifications()
    receiver.answerWith(200)
    await pass(-48 * 60 * MINUTE_MS)
    expect(receiver.received).toHaveLength(2)
    await pass(33 * 24 * 60 * MINUTE_MS)
    expect(await rows()).toEqual([])
  })

  it('gives pages nothing that is secret', async () => {
    await add({ secretUrl: `${receiver.url}/hidden-path?key=hidden-key`, token: 'hidden-token' })
    const { id } = await add({ name: 'mail', kind: 'email', host: '127.0.0.1', port: 25, tls: 'none', user: 'ann', password: 'hidden-password', from: 'k@example.org', to: ['ann@example.org'] })
    const shown = JSON.stringify(await listChannels())
    expect(shown).not.toContain('hidden')
    expect(await view('mail')).toMatchObject({ id, hasSecret: true, place: 'ann@example.org by 127.0.0.1:25' })
    expect(await view()).toMatchObject({ hasSecret: true, place: `${receiver.url}/…` })
    await expect(saveChannel(webhookInput(receiver.url), ANN)).rejects.toThrow('of this name already')
  })
})

describe('the digest', () => {
  const at = (iso: string) => Date.parse(iso)
  const daily = (digestAt: string) => add({ digestAt, timeZone: 'Europe/Berlin', hearsProtection: false, hearsJobs: false })
  const toldAt = () => receiver.received.map((each) => new Date((each.body as { at: string }).at).toLocaleString('sv', { timeZone: 'Europe/Berlin' }).slice(0, 16))
  /** Looks every quarter of an hour; with a restart at each look on request. */
  const live = async (untilMs: number, restarts = false) => {
    while (now < untilMs) {
      await pass(15 * MINUTE_MS)
      if (restarts) await restart()
    }
  }

  it.each([['in spring, when the clock leaps over it', '2026-03-27T12:00:00Z', ['2026-03-28 02:30', '2026-03-29 03:00', '2026-03-30 02:30']], ['in autumn, when the clock shows it twice', '2026-10-23T12:00:00Z', ['2026-10-24 02:30', '2026-10-25 02:30', '2026-10-26 02:30']]])('comes once a day %s, whatever is restarted', async (_, from, expected) => {
    now = at(from)
    await daily('02:30')
    await live(now + 3 * 24 * 60 * MINUTE_MS, true)
    expect(toldAt()).toEqual(expected)
    expect(receiver.received[0]!.body).toMatchObject({ event: 'digest', title: 'There are no VMs yet', counts: { protected: 0, vms: 0 } })
  })

  it('that was missed comes once, and none that was due before it was asked for', async () => {
    now = at('2026-11-27T12:00:00Z')
    const input = await daily('08:00')
    await live(at('2026-11-27T20:00:00Z'))
    expect(toldAt()).toEqual([])
    await stopNotifications()
    now = at('2026-12-01T12:00:00Z')
    startNotifications()
    await lookAtNotifications()
    await restart()
    expect(toldAt()).toEqual(['2026-12-01 13:00'])
    // Another name is no other digest; another time is.
    await saveChannel({ ...input, exists: true, name: 'other' }, ANN)
    await saveChannel({ ...input, exists: true, digestAt: '07:00' }, ANN)
    await lookAtNotifications()
    expect(toldAt()).toHaveLength(1)
  })

  it('tells of the jobs that failed in the last 24 hours', async () => {
    now = Date.now()
    const zone = 'UTC'
    const input = await add({ digestAt: new Date(now + 5 * MINUTE_MS).toISOString().slice(11, 16), timeZone: zone, hearsJobs: false })
    await beginJob('old')
    await beginJob('new', { title: 'Back up web' })
    await endJob('old', 'failed', now - 25 * 60 * MINUTE_MS, 'Long ago.')
    await endJob('new', 'failed', now - 60 * MINUTE_MS, 'The target is full.')
    await pass(6 * MINUTE_MS)
    expect(input.digestAt).not.toBeNull()
    expect(receiver.received).toHaveLength(1)
    expect(receiver.received[0]!.body).toMatchObject({ jobs: [{ id: 'new', error: 'The target is full.' }], text: expect.stringContaining('One job failed in the last 24 hours:') })
  })
})
