import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@playwright/test'
import { routes } from './build-routes.ts'
import { underTest } from './under-test.ts'

// Node's URLSearchParams takes the square of a body's length: one megabyte from anybody once stopped every page for four seconds.

const BODY = 'a&'.repeat(500_000)
const TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=a', 'text/plain']
const ASKED_EVERY_MS = 50
const QUIET_ASKS = 20
/** What a person takes for at once. */
const SLOWEST_MS = 300
const TIMES_MEDIAN = 10

async function healthMs(baseUrl: string): Promise<number> {
  const begunMs = performance.now()
  await (await fetch(`${baseUrl}/api/health`)).text()
  return performance.now() - begunMs
}

test('a megabyte posted to any route, by anybody, holds up nobody', async () => {
  const { baseUrl } = underTest()
  const all = [
    ...routes(),
    '/api/auth/csrf',
    '/api/auth/signout',
    '/api/auth/callback/credentials',
    '/nothing/here',
  ]
  expect(all).toEqual(
    expect.arrayContaining([
      '/',
      '/login',
      '/setup/x',
      '/s/x',
      '/s/x/unlock',
      '/api/health',
      '/hosts/x/vms/x',
    ]),
  )
  const quiet: number[] = []
  for (let ask = 0; ask < QUIET_ASKS; ask++) {
    quiet.push(await healthMs(baseUrl))
    await sleep(ASKED_EVERY_MS)
  }
  const medianMs = quiet.sort((a, b) => a - b)[QUIET_ASKS / 2]!
  let posted = false
  const asked: number[] = []
  const asking = (async () => {
    while (!posted) {
      asked.push(await healthMs(baseUrl))
      await sleep(ASKED_EVERY_MS)
    }
  })()
  const answers: [string, number][] = []
  for (const route of all)
    for (const type of TYPES) {
      const response = await fetch(`${baseUrl}${route}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': type },
        body: BODY,
      })
      answers.push([`${route} ${type}`, response.status])
      await response.body?.cancel()
    }
  posted = true
  await asking
  expect(asked.length).toBeGreaterThan(5)
  expect(Math.max(...asked), `quiet median ${medianMs.toFixed(1)} ms`).toBeLessThan(
    Math.max(SLOWEST_MS, TIMES_MEDIAN * medianMs),
  )
  expect(
    answers.filter(([route, status]) => status < 400 && /urlencoded|^\/(login|setup|s|api)\b/.test(route)),
  ).toEqual([])
})

test('below /api/auth there is nothing', async () => {
  const { baseUrl } = underTest()
  for (const path of [
    '/api/auth',
    '/api/auth/session',
    '/api/auth/csrf',
    '/api/auth/providers',
    '/api/auth/signin',
    '/api/auth/callback/credentials',
  ]) {
    for (const method of ['GET', 'POST'])
      expect([
        path,
        method,
        (await fetch(`${baseUrl}${path}`, { method, redirect: 'manual' })).status,
      ]).toEqual([path, method, 404])
  }
})
