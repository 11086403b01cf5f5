import { describe, expect, it } from 'vitest'
import { saveChannel } from './save-channel.ts'
import { lookAtNotifications, startNotifications, stopNotifications } from './start-notifications.ts'
import { MINUTE_MS, runLoop } from './testing/loop.ts'
import { beginJob, endJob } from './testing/messages.ts'

const ANN = { name: 'ann' }
const loop = runLoop()

describe('the digest', () => {
  const at = (iso: string) => Date.parse(iso)
  const daily = (digestAt: string) =>
    loop.add({ digestAt, timeZone: 'Europe/Berlin', hearsProtection: false, hearsJobs: false })
  const toldAt = () =>
    loop.receiver.received.map((each) =>
      new Date((each.body as { at: string }).at)
        .toLocaleString('sv', { timeZone: 'Europe/Berlin' })
        .slice(0, 16),
    )
  /** Looks every quarter of an hour; with a restart at each look on request. */
  const live = async (untilMs: number, restarts = false) => {
    while (loop.now < untilMs) {
      await loop.pass(15 * MINUTE_MS)
      if (restarts) await loop.restart()
    }
  }

  it.each([
    [
      'in spring, when the clock leaps over it',
      '2026-03-27T12:00:00Z',
      ['2026-03-28 02:30', '2026-03-29 03:00', '2026-03-30 02:30'],
    ],
    [
      'in autumn, when the clock shows it twice',
      '2026-10-23T12:00:00Z',
      ['2026-10-24 02:30', '2026-10-25 02:30', '2026-10-26 02:30'],
    ],
  ])('comes once a day %s, whatever is restarted', async (_, from, expected) => {
    loop.now = at(from)
    await daily('02:30')
    await live(loop.now + 3 * 24 * 60 * MINUTE_MS, true)
    expect(toldAt()).toEqual(expected)
    expect(loop.receiver.received[0]!.body).toMatchObject({
      event: 'digest',
      title: 'There are no VMs to protect',
      counts: { protected: 0, vms: 0 },
    })
  })

  it('that was missed comes once, and none that was due before it was asked for', async () => {
    loop.now = at('2026-11-27T12:00:00Z')
    const input = await daily('08:00')
    await live(at('2026-11-27T20:00:00Z'))
    expect(toldAt()).toEqual([])
    await stopNotifications()
    loop.now = at('2026-12-01T12:00:00Z')
    startNotifications()
    await lookAtNotifications()
    await loop.restart()
    expect(toldAt()).toEqual(['2026-12-01 13:00'])
    // Another name is no other digest; another time is.
    await saveChannel({ ...input, exists: true, name: 'other' }, ANN)
    await saveChannel({ ...input, exists: true, digestAt: '07:00' }, ANN)
    await lookAtNotifications()
    expect(toldAt()).toHaveLength(1)
  })

  it('tells of the jobs that failed in the last 24 hours', async () => {
    loop.now = Date.now()
    const zone = 'UTC'
    const input = await loop.add({
      digestAt: new Date(loop.now + 5 * MINUTE_MS).toISOString().slice(11, 16),
      timeZone: zone,
      hearsJobs: false,
    })
    await beginJob('old')
    await beginJob('new', { title: 'Back up web' })
    await endJob('old', 'failed', loop.now - 25 * 60 * MINUTE_MS, 'Long ago.')
    await endJob('new', 'failed', loop.now - 60 * MINUTE_MS, 'The target is full.')
    await loop.pass(6 * MINUTE_MS)
    expect(input.digestAt).not.toBeNull()
    expect(loop.receiver.received).toHaveLength(1)
    expect(loop.receiver.received[0]!.body).toMatchObject({
      jobs: [{ id: 'new', error: 'The target is full.' }],
      text: expect.stringContaining('One job failed in the last 24 hours:'),
    })
  })
})
