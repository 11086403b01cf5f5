import { AUDIT_ACTS, type AuditAct } from './audit-acts.ts'

/** What became of an act, with the end of the job that it began. */
export const AUDIT_STATUSES = {
  ok: 'done',
  'not as planned': 'done, but not as planned',
  'under way': 'under way',
  refused: 'refused',
  failed: 'failed',
  cancelled: 'cancelled',
  unfinished: 'no end recorded',
} as const
export type AuditStatus = keyof typeof AUDIT_STATUSES

export const AUDIT_PAGE_SIZE = 50
const TEXT_MAX_CHARACTERS = 200

/** What the audit log is searched by; empty and null: not by it. */
export interface AuditQuery {
  person: string
  vm: string
  act: AuditAct | null
  status: AuditStatus | null
  text: string
  fromMs: number | null
  untilMs: number | null
  page: number
}

/** As `datetime-local` inputs write it, in the server's time zone. */
const LOCAL = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?)?$/
const MINUTE_MS = 60_000

/** What the address asks for. What can't be read is left out, with a sentence that says so. */
export function parseAuditQuery(search: Record<string, string | string[] | undefined>): {
  query: AuditQuery
  complaints: string[]
} {
  const complaints: string[] = []
  const text = (key: string) => {
    const value = search[key]
    return typeof value === 'string' ? value.trim().slice(0, TEXT_MAX_CHARACTERS) : ''
  }
  const one = <T extends string>(key: string, choices: readonly T[], what: string): T | null => {
    const value = text(key)
    if (value === '' || choices.includes(value as T)) return value === '' ? null : (value as T)
    complaints.push(`“${value}” is no ${what}: every one is shown.`)
    return null
  }
  const instant = (key: string, what: string) => {
    const value = text(key)
    if (value === '') return null
    const ms = LOCAL.test(value) ? new Date(value.includes('T') ? value : `${value}T00:00`).getTime() : NaN
    if (Number.isFinite(ms)) return ms
    complaints.push(`“${value}” is no time such as 2026-11-24T09:30, so nothing is left out ${what} it.`)
    return null
  }
  const page = Number(text('page') || 1)
  const until = instant('until', 'after')
  const query: AuditQuery = {
    person: text('person'),
    vm: text('vm'),
    text: text('q'),
    act: one('act', AUDIT_ACTS, 'act'),
    status: one('result', Object.keys(AUDIT_STATUSES) as AuditStatus[], 'result'),
    fromMs: instant('from', 'before'),
    // The minute that was named is part of it, and a day to its end.
    untilMs: until === null ? null : until + (text('until').includes('T') ? MINUTE_MS : 24 * 60 * MINUTE_MS),
    page: Number.isInteger(page) && page > 0 ? page : 1,
  }
  if (query.fromMs !== null && query.untilMs !== null && query.fromMs >= query.untilMs)
    complaints.push('The time begins after its end, so nothing is in it.')
  return { query, complaints }
}
