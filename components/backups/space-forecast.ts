import { formatBytes } from '@/components/format-bytes'

export const DAY_MS = 24 * 60 * 60_000
export const LOOKED_AT_DAYS = 14
const FAR_DAYS = 365

/**
 * How long free space lasts at the pace of the last 14 days, one sentence; empty without a pace. What expires meanwhile is not taken off: it errs
 * on the careful side. `nowMs` and the backups' instants in epoch ms. Pure.
 */
export function spaceForecast(
  freeBytes: number | null,
  backups: readonly { createdAtMs: number; bytes: number }[],
  nowMs: number,
): string {
  const recent = backups.filter((backup) => nowMs - backup.createdAtMs < LOOKED_AT_DAYS * DAY_MS)
  if (freeBytes === null || recent.length < 2) return ''
  const days = Math.max(1, (nowMs - Math.min(...recent.map((backup) => backup.createdAtMs))) / DAY_MS)
  const perDay = recent.reduce((sum, backup) => sum + backup.bytes, 0) / days
  return `At ${formatBytes(perDay)} a day, room for ${lasting(Math.floor(freeBytes / perDay))}, if nothing expires.`
}

function lasting(days: number): string {
  if (days > FAR_DAYS) return 'over a year'
  return days === 1 ? '1 more day' : `${days} more days`
}
