import type { CheckReport } from '@/lib/repairs/types'
import { formatBytes } from '@/components/format-bytes'

/** The answer of a check in one sentence. */
export function summaryOf(
  { findings, reclaimableBytes, notes }: Pick<CheckReport, 'findings' | 'reclaimableBytes' | 'notes'>,
  subject: string,
): { sentence: string; tone: 'ok' | 'warn' | 'danger' } {
  const things = findings.filter((finding) => finding.severity !== 'info').length
  if (things === 0)
    return {
      sentence: `Nothing to repair on ${subject}${notes.length > 0 ? ', as far as it could be looked at' : ''}`,
      tone: notes.length > 0 ? 'warn' : 'ok',
    }
  return {
    sentence: `${things} ${things === 1 ? 'thing' : 'things'} to look at on ${subject}${reclaimableBytes > 0 ? `, ${formatBytes(reclaimableBytes)} can be reclaimed` : ''}`,
    tone: findings.some((finding) => finding.severity === 'danger') ? 'danger' : 'warn',
  }
}
