import 'server-only'
import { unstable_rethrow } from 'next/navigation'
import type { z, ZodType } from 'zod'
import { isRefusal } from '../jobs/refusal.ts'
import { auditAsked, auditOutcome, type Outcome } from './audit.ts'
import { auditRefused } from './audit-refused.ts'
import type { SubjectOf, TextKey } from './audit-subject.ts'
import { requestFrom } from './client-address.ts'
import { currentSession, type Session } from './current-user.ts'
import { logError } from './log-error.ts'
import { whyNot, type Act } from './permissions.ts'

type Failure = { ok: false; message: string; fields?: Record<string, string> }
export type ActionResult<R> = ({ ok: true } & R) | Failure

/** Errors whose message is a sentence for the user. */
const EXPECTED = new Set(['HostDown', 'VmGone', 'VmHung'])

/**
 * A server action: session → permission → input → record → one call → record its outcome. An act that is refused is
 * recorded, too. An expected error gives its sentence, any other a fixed one with an id that is found in the log.
 * `subject`: whom it concerns, for the record. Pages must send what the schema takes; what arrives may be anything all the same.
 */
export function action<S extends ZodType, R extends object>(
  act: Act,
  schema: S,
  subject: SubjectOf<TextKey<z.output<S>>>,
  run: (args: { user: Session['user']; session: Session; input: z.output<S> }) => Promise<R>,
) {
  return async (raw: z.input<S> | FormData): Promise<ActionResult<R>> => {
    const session = await currentSession()
    if (!session) return { ok: false, message: 'You are signed out. Sign in again and repeat this.' }
    const { user } = session
    const { address } = await requestFrom()
    const input: unknown = raw instanceof FormData ? Object.fromEntries(raw) : raw
    const refuse = async (failure: Failure) => {
      await auditRefused('acts', { user, act, subject, input, address }, failure.message)
      return failure
    }
    const refusal = whyNot(user, act)
    if (refusal !== null) return refuse({ ok: false, message: refusal })
    const parsed = schema.safeParse(input)
    if (!parsed.success)
      return refuse({
        ok: false,
        message: 'Something in the form is not as it should be.',
        fields: fieldErrors(parsed.error),
      })
    const record = await auditAsked({ user, act, subject, input: parsed.data, address })
    try {
      const result = await run({ user, session, input: parsed.data })
      await recordEnd(act, record, {
        result: 'ok',
        jobId: 'jobId' in result && typeof result.jobId === 'string' ? result.jobId : null,
      })
      return { ok: true, ...result }
    } catch (error) {
      unstable_rethrow(error)
      const failure = describe(act, error)
      await recordEnd(act, record, {
        result: isRefusal(error) ? 'refused' : 'failed',
        sentence: failure.message,
      })
      return failure
    }
  }
}

/** What was done stays done, whether its record could be finished or not. */
async function recordEnd(act: Act, record: number, outcome: Outcome): Promise<void> {
  await auditOutcome(record, outcome).catch((error: unknown) => logError(`the record of ${act}`, error))
}

function describe(act: Act, error: unknown): Failure {
  if (isRefusal(error))
    return {
      ok: false,
      message: error.message,
      ...(Object.keys(error.fields).length > 0 ? { fields: error.fields } : {}),
    }
  if (error instanceof Error && EXPECTED.has(error.name)) return { ok: false, message: error.message }
  return {
    ok: false,
    message: `This did not work, for a reason that Keyframe does not know. The log tells more under ${logError(act, error)}.`,
  }
}

function fieldErrors(error: z.ZodError): Record<string, string> {
  return Object.fromEntries(error.issues.map((issue) => [issue.path.join('.'), issue.message]))
}
