import { expect, it } from 'vitest'
import { DEVICE_LIFETIME_MS, knownDevice, withDevice } from './device-token.ts'

const KEY = Buffer.alloc(32, 1)
const [ANN, BOB] = [
  { id: 'u1', passwordHash: 'h1' },
  { id: 'u2', passwordHash: 'h1' },
]
const NOW = 1_000

it('knows a browser of the user alone, until the password changes or half a year is over', () => {
  const cookie = withDevice(KEY, undefined, ANN, NOW)
  expect(knownDevice(KEY, cookie, ANN, NOW)).toMatch(/^[\w-]{16}$/)
  expect(knownDevice(KEY, cookie, ANN, NOW + DEVICE_LIFETIME_MS - 1)).not.toBeNull()
  expect(knownDevice(KEY, cookie, ANN, NOW + DEVICE_LIFETIME_MS)).toBeNull()
  expect(knownDevice(KEY, cookie, BOB, NOW)).toBeNull()
  expect(knownDevice(KEY, cookie, { ...ANN, passwordHash: 'h2' }, NOW)).toBeNull()
  expect(knownDevice(Buffer.alloc(32, 2), cookie, ANN, NOW)).toBeNull()
  expect(cookie).not.toContain('u1')
})

it('takes nothing that was not signed here', () => {
  const [device, until, signed] = withDevice(KEY, undefined, ANN, NOW).split('.')
  for (const made of [
    undefined,
    '',
    '~',
    '..',
    `${device}.${until}.`,
    `${device}.${until}`,
    `${device}.${Number(until) + 1}.${signed}`,
    `x${device}.${until}.${signed}`,
    `${device}.NaN.${signed}`,
    `${device}.${until}.${signed}.x`,
  ]) {
    expect([made, knownDevice(KEY, made, ANN, NOW)]).toEqual([made, null])
  }
})

it('keeps several users of one browser, each once, and the newest five', () => {
  let cookie = withDevice(KEY, undefined, ANN, NOW)
  const first = knownDevice(KEY, cookie, ANN, NOW)
  cookie = withDevice(KEY, cookie, BOB, NOW)
  cookie = withDevice(KEY, cookie, ANN, NOW)
  expect(cookie.split('~')).toHaveLength(2)
  expect(knownDevice(KEY, cookie, ANN, NOW)).not.toBe(first)
  for (let each = 0; each < 4; each++)
    cookie = withDevice(KEY, cookie, { id: `more ${each}`, passwordHash: 'h' }, NOW)
  expect([
    cookie.split('~').length,
    knownDevice(KEY, cookie, ANN, NOW) !== null,
    knownDevice(KEY, cookie, BOB, NOW),
  ]).toEqual([5, true, null])
})
