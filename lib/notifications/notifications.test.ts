import { describe, expect, it } from 'vitest'
import { encryptSecret } from '../secrets/stored-secret.ts'
import { settings } from '../settings/settings.ts'
import { store } from '../store/store.ts'
import { failingChannels, listChannels } from './channel-views.ts'
import { removeChannel } from './remove-channel.ts'
import { saveChannel } from './save-channel.ts'
import { lookAtNotifications, startNotifications, stopNotifications } from './start-notifications.ts'
import { testChannel } from './test-channel.ts'
import { MINUTE_MS, runLoop } from './testing/loop.ts'
import { beginJob, endJob, webhookInput, writeProtection } from './testing/messages.ts'
import { startReceiver } from './testing/receiver.ts'

const ANN = { name: 'ann' }
const loop = runLoop()
const view = async (name = 'hook') => (await listChannels()).find((channel) => channel.name === name)!
const channels = () =>
  store()
    .selectFrom('notification_channels')
    .select(['id', 'secrets'])
    .orderBy('created_at_ms')
    .orderBy('name')
    .execute()
const rows = () => store().selectFrom('notification_outbox').selectAll().orderBy('created_at_ms').execute()

describe('a change of protection', () => {
  it('is told once, whatever is restarted; the first sight of a VM is none', async () => {
    await loop.add()
    await writeProtection('db', 'unprotected', 'no-backup', loop.now)
    await lookAtNotifications()
    expect(loop.receiver.received).toEqual([])
    await writeProtection('db', 'protected', null, ++loop.now, 'The backup of 02:30 passed its check.')
    await lookAtNotifications()
    await loop.restart()
    await lookAtNotifications()
    expect(loop.receiver.titles()).toEqual(['db on lab is protected'])
    await writeProtection('db', 'at-risk', 'failed', ++loop.now)
    // Written, and the process ended before it was told.
    await stopNotifications()
    startNotifications()
    await lookAtNotifications()
    expect(loop.receiver.titles()).toEqual(['db on lab is protected', 'db on lab is at risk'])
    expect(loop.receiver.received[1]!.body).toMatchObject({
      version: 1,
      event: 'protection',
      link: null,
      vms: [{ name: 'db', protection: 'at-risk', before: 'protected' }],
    })
  })

  it('while nobody listened is not told to who listens later', async () => {
    await writeProtection('db', 'unprotected', 'no-backup', loop.now)
    await lookAtNotifications()
    await writeProtection('db', 'protected', null, ++loop.now)
    await lookAtNotifications()
    await loop.add()
    await loop.pass(MINUTE_MS)
    expect(loop.receiver.received).toEqual([])
  })

  it('a VM that is gone and comes back begins anew', async () => {
    await loop.add()
    await writeProtection('db', 'protected', null, loop.now)
    await lookAtNotifications()
    await store().deleteFrom('protection_states').execute()
    await lookAtNotifications()
    await writeProtection('db', 'unprotected', 'no-backup', ++loop.now)
    await lookAtNotifications()
    expect([
      loop.receiver.received,
      await store().selectFrom('notification_told').select('state').execute(),
    ]).toEqual([[], [{ state: 'unprotected' }]])
  })

  it('wakes it by itself, soon and not at once', async () => {
    await loop.add()
    await writeProtection('db', 'protected', null, loop.now)
    await lookAtNotifications()
    await writeProtection('db', 'at-risk', 'failed', ++loop.now)
    const { publish } = await import('../live/hub.ts')
    publish({ type: 'job', job: { endedAtMs: loop.now } as never })
    expect(loop.receiver.received).toEqual([])
    await expect.poll(() => loop.receiver.titles(), { timeout: 5_000 }).toEqual(['db on lab is at risk'])
  })
})

describe('a job', () => {
  it('that failed is told once, a cancelled or a good one not, and one that waits once a run', async () => {
    await loop.add()
    for (const id of ['bad', 'good', 'gone', 'stuck']) await beginJob(id)
    await endJob('bad', 'failed', loop.now, 'The target is full.')
    await endJob('good', 'succeeded', loop.now)
    await endJob('gone', 'cancelled', loop.now)
    await store()
      .updateTable('jobs')
      .set({ status: 'waiting', error: 'Half of it is done.' })
      .where('id', '=', 'stuck')
      .execute()
    await lookAtNotifications()
    await loop.restart()
    expect(loop.receiver.titles().sort()).toEqual([
      'web on lab: “Merge vda” failed',
      'web on lab: “Merge vda” waits for a decision',
    ])
    expect(loop.receiver.received.map((each) => each.body)).toContainEqual(
      expect.objectContaining({
        event: 'job-failed',
        text: expect.stringContaining('The target is full. '),
        jobs: [expect.objectContaining({ id: 'bad', status: 'failed', error: 'The target is full.' })],
      }),
    )
    // Tried again it fails anew.
    await store()
      .updateTable('jobs')
      .set({ status: 'running', ended_at_ms: null, run: 2 })
      .where('id', 'in', ['bad', 'stuck'])
      .execute()
    await lookAtNotifications()
    await endJob('bad', 'failed', loop.now, 'Still full.')
    await store().updateTable('jobs').set({ status: 'waiting' }).where('id', '=', 'stuck').execute()
    await lookAtNotifications()
    expect(loop.receiver.titles()).toHaveLength(4)
  })

  it('is told to who hears jobs alone', async () => {
    await loop.add({ hearsJobs: false })
    await loop.add({ name: 'jobs', hearsProtection: false }, `${loop.receiver.url}/jobs`)
    await writeProtection('db', 'protected', null, loop.now)
    await lookAtNotifications()
    await writeProtection('db', 'at-risk', 'failed', ++loop.now)
    await beginJob('bad')
    await endJob('bad', 'failed', loop.now)
    await lookAtNotifications()
    expect(
      loop.receiver.received.map((each) => [each.path, (each.body as { event: string }).event]).sort(),
    ).toEqual([
      ['/', 'protection'],
      ['/jobs', 'job-failed'],
    ])
  })
})

describe('sending', () => {
  const fail = async (id: string) => {
    await beginJob(id, { title: id })
    await endJob(id, 'failed', loop.now, 'Why.')
  }

  it('is tried again after 30 s, 2 min, 10 min, 1 h and 6 h, then given up and shown', async () => {
    await loop.add()
    loop.receiver.answerWith(500, 'out of order')
    await fail('a')
    await lookAtNotifications()
    const failedAtMs = loop.now
    expect(await view()).toMatchObject({
      failingSinceMs: failedAtMs,
      error: 'It answered 500: out of order',
      waiting: 1,
      nextAttemptAtMs: loop.now + 30_000,
      lastSentAtMs: null,
    })
    expect(await failingChannels()).toEqual([{ name: 'hook', sinceMs: failedAtMs }])
    let attempts = 1
    for (const waitMs of [30_000, 2 * MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS, 360 * MINUTE_MS]) {
      expect((await rows())[0]!.next_attempt_at_ms).toBe(loop.now + waitMs)
      await loop.pass(waitMs - 1)
      expect(loop.receiver.received).toHaveLength(attempts)
      await loop.pass(1)
      expect(loop.receiver.received).toHaveLength(++attempts)
    }
    expect(new Set(loop.receiver.received.map((each) => (each.body as { id: string }).id)).size).toBe(1)
    expect(await rows()).toMatchObject([
      {
        attempts: 6,
        next_attempt_at_ms: null,
        given_up_at_ms: loop.now,
        sent_at_ms: null,
        last_error: 'It answered 500: out of order',
      },
    ])
    expect(await view()).toMatchObject({
      failingSinceMs: failedAtMs,
      waiting: 0,
      recent: [{ state: 'given up', attempts: 6 }],
    })
    await loop.pass(24 * 60 * MINUTE_MS)
    expect(loop.receiver.received).toHaveLength(6)
  })

  it('recovers with the first that is taken, and what waits goes at once', async () => {
    await loop.add()
    loop.receiver.answerWith(503)
    await fail('a')
    await lookAtNotifications()
    await loop.pass(30_000)
    await fail('b')
    await lookAtNotifications()
    expect(await view()).toMatchObject({ waiting: 2 })
    loop.receiver.answerWith(200)
    await fail('c')
    await loop.pass(1)
    expect(
      loop.receiver.received
        .slice(3)
        .map((each) => (each.body as { jobs: { id: string }[] }).jobs[0]!.id)
        .sort(),
    ).toEqual(['a', 'b', 'c'])
    expect(await view()).toMatchObject({
      failingSinceMs: null,
      error: null,
      waiting: 0,
      lastSentAtMs: loop.now,
    })
    expect(await failingChannels()).toEqual([])
  })

  it('a test says how it went at once, and the channel’s state follows it', async () => {
    const { id } = await loop.add()
    loop.receiver.answerWith(404, 'no such topic')
    expect(await testChannel(id, ANN)).toEqual({ sent: false, sentence: 'It answered 404: no such topic' })
    expect(await view()).toMatchObject({ failingSinceMs: loop.now, error: 'It answered 404: no such topic' })
    loop.receiver.answerWith(204)
    expect(await testChannel(id, ANN)).toEqual({ sent: true })
    expect(await view()).toMatchObject({ failingSinceMs: null, lastSentAtMs: loop.now, recent: [] })
    expect(loop.receiver.titles()).toEqual(['Test from Keyframe', 'Test from Keyframe'])
  })

  it('one channel that hangs delays no other', async () => {
    const slow = await startReceiver()
    slow.answer = () => undefined
    await loop.add({ name: 'slow' }, slow.url)
    await loop.add()
    await fail('a')
    const looking = lookAtNotifications()
    await expect.poll(() => loop.receiver.received.length).toBe(1)
    expect(slow.received).toHaveLength(1)
    await fail('b')
    loop.now += 1
    void lookAtNotifications()
    await expect.poll(() => loop.receiver.received.length).toBe(2)
    expect(slow.received).toHaveLength(1)
    // A stop ends the attempt, which then counts as none.
    await stopNotifications()
    await looking
    expect((await rows()).filter((row) => row.sent_at_ms === null).map((row) => row.attempts)).toEqual([0, 0])
    await slow.stop()
  })

  it('a channel that is changed tries at once; one that is removed forgets what waits', async () => {
    const input = await loop.add()
    loop.receiver.answerWith(500)
    await fail('a')
    await lookAtNotifications()
    loop.receiver.answerWith(200)
    await saveChannel(
      { ...input, exists: true, secretUrl: `${loop.receiver.url}/right` } as typeof input,
      ANN,
    )
    await lookAtNotifications()
    expect(loop.receiver.received.map((each) => each.path)).toEqual(['/', '/right'])
    loop.receiver.answerWith(500)
    await fail('b')
    await lookAtNotifications()
    await removeChannel(input)
    expect([await rows(), await listChannels()]).toEqual([[], []])
    await expect(removeChannel(input)).rejects.toThrow('There is no such channel')
    await expect(saveChannel({ ...input, exists: true }, ANN)).rejects.toThrow('removed meanwhile')
  })

  it('survives a clock that is set back, and forgets after 30 days', async () => {
    await loop.add()
    loop.receiver.answerWith(500)
    await fail('a')
    await lookAtNotifications()
    loop.receiver.answerWith(200)
    await loop.pass(-48 * 60 * MINUTE_MS)
    expect(loop.receiver.received).toHaveLength(2)
    await loop.pass(33 * 24 * 60 * MINUTE_MS)
    expect(await rows()).toEqual([])
  })

  it('a channel whose secrets can’t be read says so, on its page and when it is sent by; others go on, and it works again once they are typed', async () => {
    const other = await startReceiver()
    await loop.add()
    await loop.add({ name: 'second', secretUrl: other.url })
    expect((await channels()).map(({ secrets }) => secrets.slice(0, 4))).toEqual(['kf1:', 'kf1:'])
    const { id } = await view('hook')
    await store()
      .updateTable('notification_channels')
      .set({
        secrets: encryptSecret(
          JSON.stringify({ url: loop.receiver.url, token: null }),
          `notification_channels/${id}`,
          'x'.repeat(64),
        ),
      })
      .where('id', '=', id)
      .execute()
    expect(await view('hook')).toMatchObject({
      place: 'an address that can’t be read',
      hasSecret: false,
      error: expect.stringContaining('written with another key'),
      failingSinceMs: expect.any(Number),
    })
    expect((await failingChannels()).map(({ name }) => name)).toEqual(['hook'])
    expect(await testChannel(id, ANN)).toEqual({
      sent: false,
      sentence: expect.stringContaining('Put the key of then back, or give them again under Change.'),
    })
    await beginJob('j1')
    await endJob('j1', 'failed', loop.now)
    await lookAtNotifications()
    expect([loop.receiver.received.length, other.received.length]).toEqual([0, 1])
    // An empty field keeps nothing here.
    const form = { ...webhookInput('', { name: 'hook' }), id, exists: true } as Parameters<
      typeof saveChannel
    >[0]
    await expect(saveChannel(form, ANN)).rejects.toThrow('Give the address')
    await saveChannel({ ...form, secretUrl: loop.receiver.url } as typeof form, ANN)
    await lookAtNotifications()
    expect((await view('hook')).error).toBeNull()
    expect(loop.receiver.received).toHaveLength(1)
    // Damaged, or copied from another channel, it is no secret either.
    const [first] = await channels()
    await store()
      .updateTable('notification_channels')
      .set({ secrets: first!.secrets })
      .where('name', '=', 'second')
      .execute()
    expect((await view('second')).error).toContain('damaged')
    await other.stop()
  })

  it('goes only where KEYFRAME_NOTIFY_ALLOW lets it, which the form says at once', async () => {
    settings().notifyAllow = ['ntfy.sh']
    try {
      await expect(saveChannel(webhookInput('https://hooks.example/x'), ANN)).rejects.toMatchObject({
        message: expect.stringContaining('KEYFRAME_NOTIFY_ALLOW'),
        fields: { secretUrl: expect.stringContaining('hooks.example') },
      })
      const mail = {
        ...webhookInput(''),
        kind: 'email',
        host: '127.0.0.1',
        port: 25,
        tls: 'none',
        user: '',
        password: '',
        from: 'k@example.org',
        to: ['a@example.org'],
      } as Parameters<typeof saveChannel>[0]
      await expect(saveChannel(mail, ANN)).rejects.toMatchObject({
        fields: { host: expect.stringContaining('127.0.0.1') },
      })
      await saveChannel(webhookInput('https://ntfy.sh/topic', { kind: 'ntfy', name: 'allowed' }), ANN)
      expect((await listChannels()).map(({ name }) => name)).toEqual(['allowed'])
    } finally {
      settings().notifyAllow = null
    }
  })

  it('gives pages nothing that is secret', async () => {
    await loop.add({ secretUrl: `${loop.receiver.url}/hidden-path?key=hidden-key`, token: 'hidden-token' })
    const { id } = await loop.add({
      name: 'mail',
      kind: 'email',
      host: '127.0.0.1',
      port: 25,
      tls: 'none',
      user: 'ann',
      password: 'hidden-password',
      from: 'k@example.org',
      to: ['ann@example.org'],
    })
    const shown = JSON.stringify(await listChannels())
    expect(shown).not.toContain('hidden')
    expect(await view('mail')).toMatchObject({
      id,
      hasSecret: true,
      place: 'ann@example.org by 127.0.0.1:25',
    })
    expect(await view()).toMatchObject({ hasSecret: true, place: `${loop.receiver.url}/…` })
    await expect(saveChannel(webhookInput(loop.receiver.url), ANN)).rejects.toThrow('of this name already')
  })
})
