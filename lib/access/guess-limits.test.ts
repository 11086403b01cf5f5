import { describe, expect, it } from 'vitest'
import { addressGroup } from './address-group.ts'
import {
  GuessLimits,
  OVERALL,
  PER_NAME,
  PER_PLACE,
  WINDOW_MS,
  type Admission,
  type Guess,
} from './guess-limits.ts'

const HERE = '198.51.100.1'
const guess = (change: Partial<Guess> = {}): Guess => ({
  kind: 'user',
  name: 'ann',
  address: HERE,
  known: null,
  ...change,
})
const isRefused = (admission: Admission) => 'waitMs' in admission
const delayOf = (admission: Admission) => ('delayMs' in admission ? admission.delayMs : -1)
/** Of as many places as there are tries. */
const elsewhere = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`

describe('limits of guessing', () => {
  it('of one place and name: five pass, the sixth waits until the first is old, to the millisecond', () => {
    const limits = new GuessLimits()
    for (let time = 0; time < 5; time++) expect(delayOf(limits.admit(guess(), 1_000 + time))).toBe(0)
    expect(limits.admit(guess(), 1_010)).toEqual({ waitMs: 1_000 + WINDOW_MS - 1_010, firstTime: true })
    expect(limits.admit(guess(), 1_020)).toMatchObject({ firstTime: false })
    expect(isRefused(limits.admit(guess(), 1_000 + WINDOW_MS - 1))).toBe(true)
    expect(isRefused(limits.admit(guess(), 1_000 + WINDOW_MS))).toBe(false)
  })

  it('of one place over all names: twenty pass', () => {
    const limits = new GuessLimits()
    for (let time = 0; time < PER_PLACE; time++)
      expect(isRefused(limits.admit(guess({ name: `name ${time}` }), 1))).toBe(false)
    expect(isRefused(limits.admit(guess({ name: 'another' }), 1))).toBe(true)
    expect(isRefused(limits.admit(guess({ name: 'another', address: '203.0.113.9' }), 1))).toBe(false)
  })

  it('take an IPv6 net for one place', () => {
    const limits = new GuessLimits()
    for (let time = 0; time < 5; time++) limits.admit(guess({ address: `2001:db8:1:2::${time}` }), 1)
    expect(isRefused(limits.admit(guess({ address: '2001:db8:1:2:ffff::1' }), 1))).toBe(true)
    expect(isRefused(limits.admit(guess({ address: '2001:db8:1:3::1' }), 1))).toBe(false)
  })

  it('of one name from everywhere: past fifty each waits, longer and longer, and nobody is refused', () => {
    const limits = new GuessLimits()
    const delays = Array.from({ length: 90 }, (_, index) =>
      delayOf(limits.admit(guess({ address: elsewhere(index) }), 1, () => 0)),
    )
    expect(delays.slice(0, PER_NAME).every((delay) => delay === 0)).toBe(true)
    expect([50, 54, 55, 60, 65, 70, 89].map((index) => delays[index])).toEqual([
      1_000, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
    ])
  })

  it('tell once that a name reached its limit', () => {
    const limits = new GuessLimits()
    const reached = Array.from({ length: 80 }, (_, index) =>
      limits.admit(guess({ address: elsewhere(index) }), 1),
    ).map((admission) => 'nameLimitReached' in admission && admission.nameLimitReached)
    expect(reached.indexOf(true)).toBe(PER_NAME - 1)
    expect(reached.filter(Boolean)).toHaveLength(1)
  })

  it('over all names: past a hundred each waits one or two seconds, and nobody is refused', () => {
    const limits = new GuessLimits()
    const delays = Array.from({ length: OVERALL + 500 }, (_, index) =>
      delayOf(limits.admit(guess({ name: `name ${index}`, address: elsewhere(index) }), 1)),
    )
    expect(delays.slice(0, OVERALL).every((delay) => delay === 0)).toBe(true)
    for (const delay of delays.slice(OVERALL)) {
      expect(delay).toBeGreaterThanOrEqual(1_000)
      expect(delay).toBeLessThanOrEqual(2_000)
    }
    expect(delayOf(limits.admit(guess({ kind: 'share' }), 1))).toBe(0)
  })

  it('let a known browser in at once whatever others do, and count it by itself', () => {
    const limits = new GuessLimits()
    for (let index = 0; index < 1_000; index++)
      limits.admit(guess({ address: index % 2 === 0 ? HERE : elsewhere(index) }), 1)
    for (let time = 0; time < 5; time++)
      expect(delayOf(limits.admit(guess({ known: 'device d1' }), 1))).toBe(0)
    expect(isRefused(limits.admit(guess({ known: 'device d1' }), 1))).toBe(true)
    expect(isRefused(limits.admit(guess({ known: 'device d2' }), 1))).toBe(false)
  })

  it('refuse nobody where addresses are not known, for all are one then: each past the limits waits', () => {
    const limits = new GuessLimits()
    const delays = Array.from({ length: 40 }, () => delayOf(limits.admit(guess({ address: null }), 1)))
    expect(delays.slice(0, 5)).toEqual([0, 0, 0, 0, 0])
    expect(delays[5]).toBe(1_000)
    expect(delays.at(-1)).toBe(15_000)
  })

  it('take a right password’s try back, and all of its place and name', () => {
    const limits = new GuessLimits()
    for (let time = 0; time < 4; time++) limits.admit(guess(), 1)
    const right = limits.admit(guess(), 2)
    if ('forget' in right) right.forget()
    for (let time = 0; time < 5; time++) expect(isRefused(limits.admit(guess(), 3))).toBe(false)
    expect(isRefused(limits.admit(guess(), 3))).toBe(true)
  })

  it('keep a bounded number of counters, and none that is old', () => {
    const limits = new GuessLimits()
    for (let index = 0; index < 30_000; index++)
      limits.admit(guess({ name: `name ${index}`, address: elsewhere(index) }), 1)
    expect(limits.size).toBeLessThanOrEqual(20_000)
    limits.admit(guess(), 1 + WINDOW_MS)
    expect(limits.size).toBeLessThanOrEqual(4)
  })
})

it.each([
  ['198.51.100.1', '198.51.100.1'],
  [null, null],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
])('the place of %s is %s', (address, group) => expect(addressGroup(address)).toBe(group))
