import 'server-only'
import { perProcess } from '../server/per-process.ts'
import { audit, type Asked } from './audit.ts'
import { logError } from './log-error.ts'
import { RefusalBudget } from './refusal-budget.ts'
import { ofNothing } from './subjects.ts'

/** Whose budget a refusal is of: what others do in a user's name must not hide what the user does. */
export type RefusalSource = 'acts' | 'sign-ins' | 'limits'

interface Pending {
  user: Asked['user']
  timer: NodeJS.Timeout
}
const refusals = perProcess('access/audit-refused', () => ({
  budget: new RefusalBudget(),
  pending: new Map<string, Pending>(),
}))

/**
 * Records what was refused before it began, within the budget of whoever asked; past it one record sums the hour up. Never
 * rejects: a record that can't be written must not keep a refusal from its asker.
 */
export async function auditRefused(source: RefusalSource, asked: Asked, sentence: string): Promise<void> {
  const { budget, pending } = refusals
  const key = `${source} ${asked.user.id ?? asked.user.name}`
  const nowMs = Date.now()
  budget.sweep(nowMs)
  const answer = budget.take(key, nowMs)
  if (answer.record)
    return audit(asked, { result: 'refused', sentence }).catch((error: unknown) => {
      logError(`the record of a refused ${asked.act}`, error)
    })
  if (pending.has(key)) return
  const timer = setTimeout(() => void recordSum(key), Math.max(0, answer.endsAtMs - nowMs))
  timer.unref()
  pending.set(key, { user: asked.user, timer })
}

/** Records the sums of all hours that have not ended: before the process does. */
export async function endRefusals(): Promise<void> {
  for (const key of refusals.budget.pending()) await recordSum(key)
}

async function recordSum(key: string): Promise<void> {
  const { budget, pending } = refusals
  const found = pending.get(key)
  pending.delete(key)
  const more = budget.sum(key)
  if (!found || more === 0) return
  clearTimeout(found.timer)
  const what = `refused ${key.startsWith('acts') ? 'act' : 'sign-in'}${more === 1 ? '' : 's'}`
  await audit(
    { user: found.user, act: 'refusals.more', subject: ofNothing, input: { more }, address: null },
    { result: 'refused', sentence: `And ${more} more ${what} in this hour, not recorded one by one.` },
  ).catch((error: unknown) => {
    logError('the sum of refusals', error)
  })
}
