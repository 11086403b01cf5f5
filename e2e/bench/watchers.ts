import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WEB } from '../../lib/testing/lab/guest.ts'
import { type Lab } from '../../lib/testing/lab/lab.ts'
import { defineSavedGuest } from '../../lib/testing/lab/saved-guest.ts'
import { type BenchApp, withApp } from './bench-app.ts'
import { type CallCounter, startCallCounter } from './call-counter.ts'
import { type Line } from './table.ts'

const MANY = 200
/** Twice the longest period of a scan would be a minute; what a page adds has periods of 2 s. */
const WINDOW_MS = 20_000
const SETTLE_MS = 4_000
/** Calls fall into a window or just beside it. The one-browser rate alone was seen to vary between 4.6 and 5.4: a miss by so little is told, not hidden. */
const AIM = { atMost: 1.05 }

const total = (counter: CallCounter) => [...counter.counts().values()].reduce((sum, count) => sum + count, 0)

/** libvirt calls a second while so many browsers have this VM's page open. */
async function callsPerSecond(
  app: BenchApp,
  counter: CallCounter,
  watched: string,
  watchers: number,
): Promise<number> {
  const end = new AbortController()
  const streams = await Promise.all(
    Array.from({ length: watchers }, () =>
      fetch(`${app.url}/api/events?watch=${encodeURIComponent(watched)}`, {
        headers: { cookie: app.cookie },
        signal: end.signal,
      }),
    ),
  )
  if (streams.some((stream) => stream.status !== 200))
    throw new Error(
      `/api/events answers ${streams.map((stream) => stream.status).find((status) => status !== 200)}`,
    )
  const read = streams.map(async (stream) => {
    for await (const chunk of stream.body!) void chunk
  })
  await sleep(SETTLE_MS)
  const before = total(counter)
  await sleep(WINDOW_MS)
  const calls = total(counter) - before
  end.abort()
  await Promise.allSettled(read)
  return calls / (WINDOW_MS / 1000)
}

/** (d) One poller per host, however many watch. */
export async function benchWatchers(lab: Lab, say: (line: string) => void): Promise<Line[]> {
  if (!lab.guests[WEB.name]) await defineSavedGuest(lab, WEB)
  await lab.startGuest(WEB.name)
  const counter = await startCallCounter(lab.socketPath, join(lab.dir, 'counted.sock'))
  try {
    const uuid = (await lab.virsh('domuuid', WEB.name)).trim()
    return await withApp(`lab=qemu:///session?socket=${counter.socketPath}`, say, async (app) => {
      const rates: Record<'one' | 'many', number[]> = { one: [], many: [] }
      // There and back, so that a load that grows or falls meanwhile hits both alike.
      for (const key of ['one', 'many', 'many', 'one'] as const)
        rates[key].push(await callsPerSecond(app, counter, `lab/${uuid}`, key === 'one' ? 1 : MANY))
      const mean = (key: 'one' | 'many') =>
        rates[key].reduce((sum, rate) => sum + rate, 0) / rates[key].length
      const often = [...counter.counts()]
        .sort(([, a], [, b]) => b - a)
        .slice(0, 4)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')
      return [
        {
          what: `libvirt calls with ${MANY} browsers`,
          keyframe: mean('many'),
          peer: mean('one'),
          peerName: 'with 1 browser',
          unit: 'per s',
          aim: AIM,
          note: `most of them: ${often}`,
        },
      ]
    })
  } finally {
    counter.close()
    await lab.virsh('destroy', WEB.name)
  }
}
