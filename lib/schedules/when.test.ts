import { describe, expect, it } from 'vitest'
import type { When } from './types.ts'
import { describeWhen, isTimeZone, nextRuns } from './when.ts'

const daily = (...times: string[]): When => ({ kind: 'times', times, days: [1, 2, 3, 4, 5, 6, 7] })
/** A run as a clock of the zone shows it, with its instant. */
const shown = (atMs: number, timeZone: string) => clockOf(timeZone).format(atMs)
/** One for each zone: making it is most of the time that a date takes. */
const clocks = new Map<string, Intl.DateTimeFormat>()
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('sv', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    })
  clocks.set(timeZone, clock)
  return clock
}
const runs = (when: When, zone: string, from: string, count: number) =>
  nextRuns(when, zone, Date.parse(from), count).map((at) => shown(at, zone))
const instants = (when: When, zone: string, from: string, count: number) =>
  nextRuns(when, zone, Date.parse(from), count).map((at) => new Date(at).toISOString().slice(0, 16))

describe('nextRuns', () => {
  it('gives times of day on the chosen days, in the zone', () => {
    expect(
      runs(
        { kind: 'times', times: ['22:00', '02:30'], days: [6, 7] },
        'Europe/Berlin',
        '2026-11-27T12:00:00Z',
        5,
      ),
    ).toEqual([
      '2026-11-28 02:30',
      '2026-11-28 22:00',
      '2026-11-29 02:30',
      '2026-11-29 22:00',
      '2026-12-05 02:30',
    ])
    expect(instants(daily('02:30'), 'Europe/Berlin', '2026-11-27T01:30:00Z', 1)).toEqual(['2026-11-28T01:30'])
  })

  it('gives intervals from the epoch, whatever the clock does', () => {
    expect(instants({ kind: 'interval', minutes: 20 }, 'Europe/Berlin', '2026-10-25T00:30:00Z', 4)).toEqual([
      '2026-10-25T00:40',
      '2026-10-25T01:00',
      '2026-10-25T01:20',
      '2026-10-25T01:40',
    ])
    expect(instants({ kind: 'interval', minutes: 1 }, 'UTC', '2026-10-25T00:30:00Z', 1)).toEqual([
      '2026-10-25T00:31',
    ])
  })

  it.each([
    [
      'Europe/Berlin',
      '02:30',
      '2026-03-27T12:00Z',
      ['2026-03-28 02:30', '2026-03-29 03:00', '2026-03-30 02:30'],
    ],
    [
      'America/New_York',
      '02:30',
      '2026-03-06T12:00Z',
      ['2026-03-07 02:30', '2026-03-08 03:00', '2026-03-09 02:30'],
    ],
    [
      'Australia/Lord_Howe',
      '02:15',
      '2026-10-02T12:00Z',
      ['2026-10-03 02:15', '2026-10-04 02:30', '2026-10-05 02:15'],
    ],
    [
      'America/Santiago',
      '00:00',
      '2026-09-04T12:00Z',
      ['2026-09-05 00:00', '2026-09-06 01:00', '2026-09-07 00:00'],
    ],
  ])('%s: %s, which the clock leaps over, comes at the end of the leap', (zone, time, from, expected) => {
    expect(runs(daily(time), zone, from, 3)).toEqual(expected)
  })

  it.each([
    [
      'Europe/Berlin',
      '02:30',
      '2026-10-23T12:00Z',
      ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'America/New_York',
      '01:30',
      '2026-10-30T12:00Z',
      ['2026-10-31T05:30', '2026-11-01T05:30', '2026-11-02T06:30'],
    ],
    [
      'Australia/Lord_Howe',
      '01:45',
      '2026-04-03T12:00Z',
      ['2026-04-03T14:45', '2026-04-04T14:45', '2026-04-05T15:15'],
    ],
  ])('%s: %s, which the clock shows twice, comes the first time only', (zone, time, from, expected) => {
    expect(instants(daily(time), zone, from, 3)).toEqual(expected)
  })

  it('asked between the two, does not give the second', () => {
    expect(instants(daily('02:30'), 'Europe/Berlin', '2026-10-25T00:30:00Z', 1)).toEqual(['2026-10-26T01:30'])
    expect(instants(daily('02:30'), 'Europe/Berlin', '2026-10-25T01:15:00Z', 1)).toEqual(['2026-10-26T01:30'])
  })

  it('times that a leap brings together are one run', () => {
    expect(runs(daily('02:10', '02:50', '03:00'), 'Europe/Berlin', '2026-03-29T00:00:00Z', 3)).toEqual([
      '2026-03-29 03:00',
      '2026-03-30 02:10',
      '2026-03-30 02:50',
    ])
  })

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'])(
    '%s: every half hour of the day comes once on each of 400 days',
    (zone) => {
      for (let minute = 0; minute < 24 * 60; minute += 30) {
        const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
        const days = runs(daily(time), zone, '2026-01-01T12:00:00Z', 400).map((at) => at.slice(0, 10))
        expect([time, new Set(days).size]).toEqual([time, 400])
        expect([time, (Date.parse(days.at(-1)!) - Date.parse(days[0]!)) / 86_400_000]).toEqual([time, 399])
      }
    },
  )
})

it('describeWhen puts it in words', () => {
  expect(describeWhen(daily('02:30'), 'Europe/Berlin')).toBe('every day at 02:30 Europe/Berlin')
  expect(describeWhen({ kind: 'times', times: ['22:00', '02:30'], days: [7, 6] }, 'UTC')).toBe(
    'every Saturday and Sunday at 02:30 and 22:00 UTC',
  )
  expect(describeWhen({ kind: 'times', times: ['12:00'], days: [1, 2, 3, 4, 5] }, 'UTC')).toBe(
    'every working day (Monday to Friday) at 12:00 UTC',
  )
  expect([1, 3, 60, 90, 120].map((minutes) => describeWhen({ kind: 'interval', minutes }, 'UTC'))).toEqual([
    'every minute',
    'every 3 minutes',
    'every hour',
    'every 90 minutes',
    'every 2 hours',
  ])
})

it('isTimeZone knows names, and no offsets', () => {
  expect(
    ['Europe/Berlin', 'UTC', 'Australia/Lord_Howe', 'Mars/Olympus', '+01:00', ''].map(isTimeZone),
  ).toEqual([true, true, true, false, false, false])
})
