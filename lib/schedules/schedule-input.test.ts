import { describe, expect, it } from 'vitest'
import { ScheduleInput } from './schedule-input.ts'

const sound: ScheduleInput = {
  id: 'd6a7a6a0-5f0e-4b7c-9d53-0b7a1d5a0c11',
  exists: false,
  host: 'lab',
  vmUuid: null,
  targetId: 't',
  method: 'incremental',
  quiesce: 'auto',
  timeZone: 'Europe/Berlin',
  when: { kind: 'times', times: ['02:30'], days: [1, 2, 3, 4, 5, 6, 7] },
  retention: { last: 3, daily: 7, weekly: 4, monthly: 6 },
}
const faults = (change: Partial<ScheduleInput>) => {
  const read = ScheduleInput.safeParse({ ...sound, ...change })
  return read.success ? [] : read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

describe('ScheduleInput', () => {
  it('fills in what is usual', () => {
    expect(ScheduleInput.parse(sound)).toMatchObject({
      fullEveryDays: 7,
      recheckDays: 7,
      jitterMinutes: 0,
      bandwidthBytesPerSecond: 0,
      enabled: true,
    })
  })

  it.each<[Partial<ScheduleInput>, RegExp]>([
    [
      { when: { kind: 'times', times: ['2:30'], days: [1] } },
      /^when\.times\.0: A time of day is written like 02:30/,
    ],
    [{ when: { kind: 'times', times: ['24:00'], days: [1] } }, /^when\.times\.0/],
    [{ when: { kind: 'times', times: [], days: [1] } }, /at least one time/],
    [{ when: { kind: 'times', times: ['02:30'], days: [] } }, /at least one day/],
    [{ when: { kind: 'interval', minutes: 0 } }, /At least one minute/],
    [{ when: { kind: 'interval', minutes: 1441 } }, /At most 1440/],
    [
      { when: { kind: 'interval', minutes: 10 }, jitterMinutes: 10 },
      /shorter than the time between two runs, 10 min/,
    ],
    [{ when: { kind: 'times', times: ['23:50', '00:10'], days: [1] }, jitterMinutes: 20 }, /20 min/],
    [{ timeZone: 'Mars/Olympus' }, /no such time zone/],
    [{ retention: { last: 0, daily: 0, weekly: 0, monthly: 0 } }, /Keep at least one/],
    [{ bandwidthBytesPerSecond: 1 }, /no bandwidth limit/],
    [{ fullEveryDays: 91 }, /At most 90/],
  ])('%j is refused', (change, sentence) => {
    expect(faults(change)).toEqual([expect.stringMatching(sentence)])
  })

  it('takes what lies at the limits', () => {
    for (const change of [
      { when: { kind: 'interval', minutes: 1 } },
      { when: { kind: 'interval', minutes: 1440 } },
      { when: { kind: 'interval', minutes: 10 }, jitterMinutes: 9 },
      { jitterMinutes: 240 },
      { method: 'copy', bandwidthBytesPerSecond: 1 },
    ] as Partial<ScheduleInput>[])
      expect(faults(change)).toEqual([])
  })
})
