import 'server-only'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import type { AuditAct } from './audit-acts.ts'
import { textsOf, type SubjectOf } from './audit-subject.ts'
import { safeJson } from './safe-json.ts'
import type { User } from './users.ts'

/** Who is no user: names of users hold no parentheses. */
export const SERVER = { id: null, name: '(server)' }
export const UNKNOWN_USER = { id: null, name: '(unknown name)' }

/** Input fields that never reach the record. */
const SECRET_FIELDS = /password|token|secret/i
/** What Next adds to a form's fields. */
const FORM_FIELDS = /^\$ACTION/
const ASKED_MAX_CHARACTERS = 4_000
const SENTENCE_MAX_CHARACTERS = 2_000

export interface Asked {
  user: Pick<User, 'id' | 'name'> | typeof SERVER
  act: AuditAct
  /** Reads out of the input whom it concerns. */
  subject: SubjectOf<string>
  input: unknown
  /** Where the request came from. */
  address: string | null
}

export type Outcome =
  /** `jobId`: the job that it began, or ended. */
  { result: 'ok'; jobId?: string | null } | { result: 'refused' | 'failed'; sentence: string }

/** Records that something was asked. @returns the record's id for `auditOutcome`. */
export async function auditAsked({ user, act, subject, input, address }: Asked): Promise<number> {
  const asked = safeJson(input, (key, value) => {
    if (FORM_FIELDS.test(key)) return undefined
    return SECRET_FIELDS.test(key) ? '…' : value
  })
  // Of the record, not of the input: that of a refused act may be anything, and answer with anything.
  const concerned = await subject(textsOf(JSON.parse(asked)))
  const { id } = await store()
    .insertInto('audit')
    .values({
      at_ms: Date.now(),
      user_id: user.id,
      user_name: user.name,
      act,
      asked: asked.slice(0, ASKED_MAX_CHARACTERS),
      address,
      ...concerned,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** Records what became of it, and tells the pages that show it. */
export async function auditOutcome(id: number, outcome: Outcome): Promise<void> {
  const jobId = outcome.result === 'ok' ? (outcome.jobId ?? null) : null
  const sentence = outcome.result === 'ok' ? null : outcome.sentence.slice(0, SENTENCE_MAX_CHARACTERS)
  await store()
    .insertInto('audit_results')
    .values({ audit_id: id, at_ms: Date.now(), result: outcome.result, sentence, job_id: jobId })
    .execute()
  const about = await store()
    .selectFrom('audit')
    .select(['host', 'vm_uuid'])
    .where('id', '=', id)
    .executeTakeFirst()
  const job =
    jobId === null
      ? undefined
      : await store()
          .selectFrom('jobs')
          .select(['host', 'vm_uuid'])
          .where('id', '=', jobId)
          .executeTakeFirst()
  publish({
    type: 'audit',
    host: about?.host ?? job?.host ?? null,
    vmUuid: about?.vm_uuid || job?.vm_uuid || null,
  })
}

/** Records what is over already, such as a sign-in or an act that was refused before it began. */
export async function audit(asked: Asked, outcome: Outcome): Promise<void> {
  await auditOutcome(await auditAsked(asked), outcome)
}
