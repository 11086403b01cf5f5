import 'server-only'
import { sql, type ExpressionBuilder, type RawBuilder, type SqlBool } from 'kysely'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import { AUDIT_ACTS, auditWords } from './audit-acts.ts'
import { AUDIT_PAGE_SIZE, type AuditQuery, type AuditStatus } from './audit-query.ts'

/** One record as pages show it. */
export interface AuditEntry {
  id: number
  atMs: number
  userName: string
  act: string
  address: string | null
  host: string | null
  vmUuid: string | null
  vmName: string | null
  snapshot: string | null
  subjectUser: string | null
  job: { id: string; title: string | null } | null
  /** With the end of the job that it began. */
  status: AuditStatus
  /** Why it was refused, or failed. */
  sentence: string | null
  /** JSON of what was asked. */
  asked: string
}

const jobEnd = sql`coalesce(e.status, CASE WHEN j.ended_at_ms IS NOT NULL THEN j.status END)`
const status = sql<AuditStatus>`CASE WHEN r.result IS NULL THEN 'unfinished' WHEN r.result <> 'ok' THEN r.result WHEN r.job_id IS NULL THEN 'ok'
  WHEN ${jobEnd} IS NULL THEN 'under way' WHEN ${jobEnd} = 'succeeded' AND json_extract(j.kept, '$.differences.run') = j.run THEN 'not as planned' WHEN ${jobEnd} = 'succeeded' THEN 'ok' ELSE ${jobEnd} END`
const jobId = sql<string | null>`coalesce(r.job_id, a.job_id)`
const host = sql<string | null>`coalesce(a.host, j.host)`
const vmUuid = sql<string | null>`coalesce(a.vm_uuid, nullif(j.vm_uuid, ''))`
/** Counted in the same pass that reads the page. */
const everyOne = sql<number>`count(*) OVER ()`
const vmName = sql<string | null>`coalesce(a.vm_name, CASE WHEN j.vm_uuid <> '' THEN j.vm_name END)`

/** Records with their results, their jobs, and of each job the first end after the record: a retry ends anew. */
const records = () =>
  store()
    .selectFrom('audit as a')
    .leftJoin('audit_results as r', 'r.audit_id', 'a.id')
    .leftJoin('jobs as j', (join) => join.on(sql<SqlBool>`j.id = ${jobId}`))
    .leftJoin('audit_job_ends as e', (join) =>
      join.on(
        sql<SqlBool>`e.id = (SELECT min(id) FROM audit_job_ends WHERE job_id = r.job_id AND at_ms >= a.at_ms)`,
      ),
    )

type Records = ReturnType<typeof records>
type Filters = Omit<AuditQuery, 'page'>

/** Records that a slow search looks at, the newest. The database is read in this thread: 20,000 take about 0.1 s. */
export const SEARCHED_MAXIMUM = 20_000

/** Two texts as people compare them: % and _ mean themselves. */
const holds = (where: ReturnType<typeof sql>, needle: string) =>
  sql<SqlBool>`instr(lower(${where}), lower(${needle})) > 0`

/** What the table of records alone decides, which is quick even in a long log. */
function candidates(query: Filters) {
  let found = store().selectFrom('audit as a')
  if (query.person !== '') found = found.where(holds(sql`a.user_name`, query.person))
  if (query.act !== null) found = found.where('a.act', '=', query.act)
  if (query.fromMs !== null) found = found.where('a.at_ms', '>=', query.fromMs)
  if (query.untilMs !== null) found = found.where('a.at_ms', '<', query.untilMs)
  return found
}

/** Does the search look at results, jobs and every text? That is slow, and nothing else is answered meanwhile. */
const isSlow = (query: Filters) => query.vm !== '' || query.status !== null || query.text !== ''

function matching(query: Filters): Records {
  const ids = candidates(query).select('a.id').orderBy('a.id', 'desc')
  let found = records().where('a.id', 'in', isSlow(query) ? ids.limit(SEARCHED_MAXIMUM) : ids)
  if (query.vm !== '')
    found = found.where(
      sql<SqlBool>`(${holds(sql`coalesce(${vmName}, '')`, query.vm)} OR ${vmUuid} = lower(${query.vm}))`,
    )
  if (query.status !== null) found = found.where(sql<SqlBool>`${status} = ${query.status}`)
  if (query.text !== '') {
    const words = AUDIT_ACTS.filter((act) => auditWords(act).toLowerCase().includes(query.text.toLowerCase()))
    const parts = [
      'a.user_name',
      'a.act',
      'a.asked',
      'a.address',
      'a.host',
      'a.vm_name',
      'a.snapshot',
      'a.subject_user',
      'r.sentence',
      'e.sentence',
      'j.title',
    ] as const
    const text = sql.join(
      parts.map((part) => sql`coalesce(${sql.ref(part)}, '')`),
      sql` || char(10) || `,
    )
    found = found.where((eb: ExpressionBuilder<Schema & { a: Schema['audit'] }, 'a'>) =>
      eb.or([holds(text, query.text), ...(words.length > 0 ? [eb('a.act', 'in', words)] : [])]),
    )
  }
  return found
}

async function read(found: Records, limit: number): Promise<AuditEntry[]> {
  return (await readCounted(found, sql<number>`0`, limit, 0)).entries
}

/** `total` is what counts them: all of them only where that is asked for. */
async function readCounted(
  found: Records,
  total: RawBuilder<number>,
  limit: number,
  offset: number,
): Promise<{ entries: AuditEntry[]; total: number }> {
  const rows = await found
    .select([
      'a.id',
      'a.at_ms',
      'a.user_name',
      'a.act',
      'a.address',
      'a.snapshot',
      'a.subject_user',
      'a.asked',
      'j.title',
      'r.sentence as result_sentence',
      'e.sentence as end_sentence',
    ])
    .select([
      status.as('status'),
      jobId.as('job'),
      host.as('on_host'),
      vmUuid.as('vm'),
      vmName.as('vm_called'),
      total.as('total'),
    ])
    .orderBy('a.id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
  const entries = rows.map((row): AuditEntry => ({
    id: row.id,
    atMs: row.at_ms,
    userName: row.user_name,
    act: row.act,
    address: row.address,
    host: row.on_host,
    vmUuid: row.vm,
    vmName: row.vm_called,
    snapshot: row.snapshot,
    subjectUser: row.subject_user,
    job: row.job === null ? null : { id: row.job, title: row.title },
    status: row.status,
    sentence: row.result_sentence ?? row.end_sentence,
    asked: row.asked,
  }))
  return { entries, total: rows[0]?.total ?? 0 }
}

export interface AuditFound {
  entries: AuditEntry[]
  total: number
  /** What is as old as this was not searched, for there is too much of it; null when all was. */
  unsearchedUntilMs: number | null
}

/** One page of what a search finds, the newest first, and how many there are. */
export async function searchAudit(query: AuditQuery): Promise<AuditFound> {
  const offset = (query.page - 1) * AUDIT_PAGE_SIZE
  if (!isSlow(query)) {
    const { count } = await candidates(query)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    const page = candidates(query)
      .select('a.id')
      .orderBy('a.id', 'desc')
      .limit(AUDIT_PAGE_SIZE)
      .offset(offset)
    return {
      entries: await read(records().where('a.id', 'in', page), AUDIT_PAGE_SIZE),
      total: count,
      unsearchedUntilMs: null,
    }
  }
  const unsearched = await candidates(query)
    .select('a.at_ms')
    .orderBy('a.id', 'desc')
    .limit(1)
    .offset(SEARCHED_MAXIMUM)
    .executeTakeFirst()
  const found = await readCounted(matching(query), everyOne, AUDIT_PAGE_SIZE, offset)
  // Past the last page no row says how many there are.
  const { total } =
    found.entries.length > 0 || offset === 0 ? found : await readCounted(matching(query), everyOne, 1, 0)
  return { entries: found.entries, total, unsearchedUntilMs: unsearched?.at_ms ?? null }
}

/** What was done to one VM, one snapshot of it, or one job, the newest first. By index, for every page of a VM asks. */
export function readAuditOf(
  subject: { host: string; vmUuid: string; snapshot?: string } | { jobId: string },
  limit: number,
): Promise<AuditEntry[]> {
  if ('jobId' in subject) {
    return read(
      records().where(
        sql<SqlBool>`a.id IN (SELECT id FROM audit WHERE job_id = ${subject.jobId} UNION SELECT audit_id FROM audit_results WHERE job_id = ${subject.jobId})`,
      ),
      limit,
    )
  }
  const { host, vmUuid, snapshot } = subject
  const ofVm = records()
    .where(sql<SqlBool>`a.id IN (SELECT id FROM audit WHERE host = ${host} AND vm_uuid = ${vmUuid}
    UNION SELECT audit_id FROM audit_results JOIN jobs ON jobs.id = audit_results.job_id WHERE jobs.host = ${host} AND jobs.vm_uuid = ${vmUuid})`)
  return read(snapshot === undefined ? ofVm : ofVm.where('a.snapshot', '=', snapshot), limit)
}
