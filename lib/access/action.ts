import 'server-only'
import { unstable_rethrow } from 'next/navigation'
import type { z} from 'zod';
import { type ZodType } from 'zod'
import { isRefusal } from '../jobs/refusal.ts'
import { auditAsked, auditOutcome } from './audit.ts'
import { currentSession, type Session } from './current-user.ts'
import { logError } from './log-error.ts'
import { can } from './permissions.ts'

export type ActionResult<R> = ({ ok: true } & R) | { ok: false; message: string; fields?: Record<string, string> }

/** Errors whose message is a sentence for the user. */
const EXPECTED = new Set(['HostDown', 'VmGone', 'VmHung'])

/**
 * A server action: session → input → permission → record → one call → record its outcome. An expected error gives its
 * sentence, any other a fixed one with an id that is found in the log.
 */
export function action<I, R extends object>(name: string, schema: ZodType<I>, run: (args: { user: Session['user']; session: Session; input: I }) => Promise<R>) {
  return async (raw: unknown): Promise<ActionResult<R>> => {
    const session = await currentSession()
    if (!session) return { ok: false, message: 'You are signed out. Sign in again and repeat this.' }
    const parsed = schema.safeParse(raw instanceof FormData ? Object.fromEntries(raw) : raw)
    if (!parsed.success) return { ok: false, message: 'Something in the form is not as it should be.', fields: fieldErrors(parsed.error) }
    if (!can(session.user, name)) return { ok: false, message: 'Your role does not allow this.' }
    const record = await auditAsked(session.user.name, name, parsed.data)
    try {
      const result = await run({ user: session.user, session, input: parsed.data })
      await auditOutcome(record, 'ok')
      return { ok: true, ...result }
    } catch (error) {
      unstable_rethrow(error)
      const failure = describe(name, error)
      await auditOutcome(record, failure.message)
      return failure
    }
  }
}

function describe(name: string, error: unknown): { ok: false; message: string; fields?: Record<string, string> } {
  if (isRefusal(error)) return { ok: false, message: error.message, ...(Object.keys(error.fields).length > 0 ? { fields: error.fields } : {}) }
  if (error instanceof Error && EXPECTED.has(error.name)) return { ok: false, message: error.message }
  return { ok: false, message: `This did not work, for a reason that Keyframe does not know. The log tells more under ${logError(name, error)}.` }
}

function fieldErrors(error: z.ZodError): Record<string, string> {
  return Object.fromEntries(error.issues.map((issue) => [issue.path.join('.'), issue.message]))
}
