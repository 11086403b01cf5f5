import { z } from 'zod'
import { FULL_EVERY_DAYS_DEFAULT } from '../backups/start-backup.ts'
import { Bandwidth } from '../merges/bandwidth.ts'
import type { When } from './types.ts'
import { isTimeZone } from './when.ts'

const TIMES_MAXIMUM = 24
const INTERVAL_MAXIMUM_MINUTES = 24 * 60
const JITTER_MAXIMUM_MINUTES = 240
const KEEP_MAXIMUM = 1_000
const DAYS_MAXIMUM = 90
const RECHECK_DAYS_DEFAULT = 7
const DAY_MINUTES = 24 * 60

const Times = z.object({
  kind: z.literal('times'),
  times: z
    .array(z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time of day is written like 02:30.'))
    .min(1, 'Give at least one time of day.')
    .max(TIMES_MAXIMUM, `At most ${TIMES_MAXIMUM} times of day.`),
  /** 1 = Monday … 7 = Sunday. */
  days: z.array(z.int().min(1).max(7)).min(1, 'Choose at least one day.').max(7),
})
const Interval = z.object({
  kind: z.literal('interval'),
  minutes: z
    .int('A whole number of minutes.')
    .min(1, 'At least one minute.')
    .max(
      INTERVAL_MAXIMUM_MINUTES,
      'At most 1440 minutes, one day; for less often choose days and times of day.',
    ),
})
const Keep = z.int('A whole number.').min(0, 'Not below 0.').max(KEEP_MAXIMUM, `At most ${KEEP_MAXIMUM}.`)

/** Minutes between the two runs that lie closest, by the clock of a day. */
export function closestMinutes(when: When): number {
  if (when.kind === 'interval') return when.minutes
  const minutes = [...new Set(when.times)]
    .map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)))
    .sort((a, b) => a - b)
  return Math.min(...minutes.map((at, index) => (minutes[index + 1] ?? minutes[0]! + DAY_MINUTES) - at))
}

export const ScheduleInput = z
  .object({
    /** Of a new one, too: made with its form, so that the preview's jitter is that of the runs, and the same form sent twice is one schedule. */
    id: z.uuid(),
    /** It was saved before: one that was removed meanwhile is not made anew. */
    exists: z.boolean(),
    host: z.string(),
    /** null = every VM of the host that has no schedule of its own. */
    vmUuid: z.string().nullable(),
    targetId: z.string().min(1, 'Choose a target.'),
    method: z.enum(['incremental', 'copy']),
    quiesce: z.enum(['auto', 'required', 'off']),
    bandwidthBytesPerSecond: Bandwidth.default(0),
    fullEveryDays: z
      .int('A whole number of days.')
      .min(1, 'At least one day.')
      .max(DAYS_MAXIMUM, `At most ${DAYS_MAXIMUM} days.`)
      .default(FULL_EVERY_DAYS_DEFAULT),
    when: z.discriminatedUnion('kind', [Times, Interval]),
    timeZone: z
      .string()
      .refine(isTimeZone, 'There is no such time zone: give a name like Europe/Berlin or UTC.'),
    jitterMinutes: z
      .int('A whole number of minutes.')
      .min(0, 'Not below 0.')
      .max(JITTER_MAXIMUM_MINUTES, `At most ${JITTER_MAXIMUM_MINUTES} minutes.`)
      .default(0),
    retention: z.object({ last: Keep, daily: Keep, weekly: Keep, monthly: Keep }),
    recheckDays: z
      .int('A whole number of days.')
      .min(1, 'At least one day.')
      .max(DAYS_MAXIMUM, `At most ${DAYS_MAXIMUM} days.`)
      .default(RECHECK_DAYS_DEFAULT),
    enabled: z.boolean().default(true),
  })
  .superRefine((input, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (input.jitterMinutes > 0 && input.jitterMinutes >= closestMinutes(input.when))
      refuse(
        'jitterMinutes',
        `The jitter must be shorter than the time between two runs, ${closestMinutes(input.when)} min.`,
      )
    if (Object.values(input.retention).every((count) => count === 0))
      refuse('retention', 'Keep at least one backup by at least one rule.')
    if (input.method === 'incremental' && input.bandwidthBytesPerSecond > 0)
      refuse(
        'bandwidthBytesPerSecond',
        'libvirt has no bandwidth limit for a backup that QEMU pushes: take it away, or choose snapshot, copy, merge.',
      )
  })
export type ScheduleInput = z.input<typeof ScheduleInput>
