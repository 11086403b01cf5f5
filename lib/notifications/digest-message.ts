import { formatMoment } from '../schedules/format-moment.ts'
import type { Protection } from '../schedules/types.ts'
import { placeOf, type ToldJob } from './job-message.ts'
import { LINES_MAXIMUM } from './limits.ts'
import { backupsAddress } from './page-addresses.ts'
import { STATE_WORDS } from './protection-message.ts'
import { line } from './shorten.ts'
import type { Message } from './types.ts'

const SENTENCE_MAXIMUM = 300
const NEXT_SHOWN = 5

export interface DigestFacts {
  protections: readonly Protection[]
  /** Of the last 24 hours, newest first, with the instants of their ends. */
  failed: readonly (ToldJob & { endedAtMs: number })[]
  /** Hosts that are not reached: their VMs are as they were last seen, or missing. */
  away: readonly string[]
  nowMs: number
  timeZone: string
}

function levelOf(wanting: readonly Protection[], otherTrouble: number): Message['level'] {
  if (wanting.some((each) => each.state === 'unprotected')) return 'bad'
  return wanting.length + otherTrouble > 0 ? 'attention' : 'good'
}

/** How all stands: one message. Pure. */
export function digestMessage({ protections, failed, away, nowMs, timeZone }: DigestFacts): Message {
  const wanting = protections
    .filter((each) => each.state !== 'protected')
    .sort((a, b) => Number(a.state !== 'unprotected') - Number(b.state !== 'unprotected'))
  const next = protections
    .filter((each) => each.nextRunMs !== null)
    .sort((a, b) => a.nextRunMs! - b.nextRunMs!)
  const safe = protections.length - wanting.length
  const when = (atMs: number) => formatMoment(atMs, nowMs, timeZone)
  const parts = [
    away.map((host) => `${host} is not reached: its VMs are as they were last seen, or missing here.`),
    some(
      wanting,
      LINES_MAXIMUM,
      (each) =>
        `${each.vmName} on ${each.host} ${STATE_WORDS[each.state]}. ${line(each.sentence, SENTENCE_MAXIMUM)}`,
    ),
    failed.length === 0
      ? ['No job failed in the last 24 hours.']
      : [
          `${failed.length === 1 ? 'One job' : `${failed.length} jobs`} failed in the last 24 hours:`,
          ...some(failed, LINES_MAXIMUM, (job) =>
            `${when(job.endedAtMs)} ${placeOf(job)}: “${line(job.title, SENTENCE_MAXIMUM)}”. ${line(job.error ?? '', SENTENCE_MAXIMUM)}`.trim(),
          ),
        ],
    next.length === 0
      ? ['No backup is planned.']
      : [
          'Next backups:',
          ...some(next, NEXT_SHOWN, (each) => `${when(each.nextRunMs!)} ${each.vmName} on ${each.host}`),
        ],
  ]
  return {
    event: 'digest',
    atMs: nowMs,
    level: levelOf(wanting, failed.length + away.length),
    title:
      protections.length === 0
        ? 'There are no VMs to protect'
        : `${safe} of ${protections.length} ${protections.length === 1 ? 'VM' : 'VMs'} protected`,
    text: parts
      .filter((part) => part.length > 0)
      .map((part) => part.join('\n'))
      .join('\n\n'),
    path: backupsAddress(),
    vms: wanting.map((each) => ({
      host: each.host,
      name: each.vmName,
      uuid: each.vmUuid,
      protection: each.state,
      before: null,
      sentence: each.sentence,
    })),
    jobs: failed.map(({ id, kind, title, status, error }) => ({
      id,
      kind: kind as Message['jobs'][number]['kind'],
      title,
      status,
      error,
    })),
    counts: { protected: safe, vms: protections.length },
  }
}

/** The first of them, a line each, and how many are left out. */
function some<T>(of: readonly T[], maximum: number, show: (each: T) => string): string[] {
  return [
    ...of.slice(0, maximum).map(show),
    ...(of.length > maximum ? [`And ${of.length - maximum} more.`] : []),
  ]
}
