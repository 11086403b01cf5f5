import 'server-only'
import { isRefusal } from '../jobs/refusal.ts'
import { auditRefusedRead } from './audit-refused-read.ts'
import { currentSession, type Session } from './current-user.ts'
import { logError } from './log-error.ts'
import { whyNot, type Act } from './permissions.ts'
import { tooManyRequests } from './too-many-requests.ts'

type Params = Record<string, string>
export interface RouteContext {
  params: Promise<Params>
}

declare const ANSWER: unique symbol
/** A response whose body, where all is well, is this as JSON. */
export type Answer<T> = Response & { readonly [ANSWER]?: T }
/** What a route answers, as the paths that lead to it carry it. */
export type AnswerOf<Route> = Route extends (...given: never) => Promise<Answer<infer T>> ? T : never

/** What asks a host before it answers; the preview of a schedule asks the database alone. */
const isCostly = (act: Act) => act === 'check.read' || (act.endsWith('.plan') && act !== 'schedule.plan')

/**
 * A gated route handler: 401 without a session, 403 without the right, 429 for too many plans and forms in a minute, and a sentence as JSON for errors.
 * What `handle` gives is answered as JSON; a stream, or another status, is a Response of its own.
 */
export function route<Given>(
  act: Act,
  handle: (request: Request, context: { params: Params; session: Session }) => Promise<Given>,
) {
  return async (request: Request, context: RouteContext): Promise<Answer<Exclude<Given, Response>>> => {
    const session = await currentSession()
    if (!session) return Response.json({ message: 'Sign in first.' }, { status: 401 })
    const refusal = whyNot(session.user, act)
    if (refusal !== null) {
      await auditRefusedRead(session.user, act, refusal)
      return Response.json({ message: refusal }, { status: 403 })
    }
    const many = isCostly(act) ? tooManyRequests(session, new URL(request.url).pathname) : null
    if (many)
      return Response.json(
        { message: many.sentence },
        { status: 429, headers: { 'retry-after': String(many.waitSeconds) } },
      )
    try {
      const given = await handle(request, { params: await context.params, session })
      return given instanceof Response ? given : Response.json(given)
    } catch (error) {
      if (isRefusal(error)) return Response.json({ message: error.message }, { status: 409 })
      if (error instanceof Error && error.name === 'VmGone')
        return Response.json({ message: error.message }, { status: 404 })
      if (error instanceof Error && (error.name === 'HostDown' || error.name === 'VmHung'))
        return Response.json({ message: error.message }, { status: 503 })
      return Response.json(
        { message: `This could not be read. The log tells more under ${logError(act, error)}.` },
        { status: 500 },
      )
    }
  }
}
