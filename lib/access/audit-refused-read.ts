import 'server-only'
import { perProcess } from '../server/per-process.ts'
import { auditRefused } from './audit-refused.ts'
import { requestFrom } from './client-address.ts'
import type { Act } from './permissions.ts'
import { ofNothing } from './subjects.ts'
import type { User } from './users.ts'

/** A page that is refused is asked for again and again by whoever has it open. */
const ONCE_MS = 60_000

const recorded = perProcess('access/audit-refused-read', () => new Map<string, number>())

/** Records that a user was refused a page or a route, once a minute for each act. Never rejects. */
export async function auditRefusedRead(user: User, act: Act, sentence: string): Promise<void> {
  const nowMs = Date.now()
  for (const [key, atMs] of recorded) if (nowMs - atMs >= ONCE_MS) recorded.delete(key)
  const key = `${user.id} ${act}`
  if (recorded.has(key)) return
  recorded.set(key, nowMs)
  await auditRefused(
    'acts',
    { user, act, subject: ofNothing, input: {}, address: (await requestFrom()).address },
    sentence,
  )
}
