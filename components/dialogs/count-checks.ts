import type { PlanCheck, Verdict } from '@/lib/plans/types'

/** In the order in which a reader needs them. */
const WORDS: Record<Verdict, string> = {
  refused: 'in the way',
  warn: 'to mind',
  unknown: 'can’t be asked',
  ok: 'fine',
}

/** How the checks of a plan came out, on one line: “1 in the way · 10 fine”. */
export function countChecks(checks: readonly Pick<PlanCheck, 'verdict'>[]): string {
  const words = (Object.keys(WORDS) as Verdict[]).flatMap((verdict) => {
    const count = checks.filter((check) => check.verdict === verdict).length
    return count === 0 ? [] : [`${count} ${WORDS[verdict]}`]
  })
  return `${checks.length === 1 ? '1 check' : `${checks.length} checks`}: ${words.join(', ')}`
}
