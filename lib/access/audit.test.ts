import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sql } from 'kysely'
import { subscribe } from '../live/hub.ts'
import type { LiveEvent } from '../live/types.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { audit, auditAsked, auditOutcome, SERVER, type Asked } from './audit.ts'
import { parseAuditQuery } from './audit-query.ts'
import { authenticate } from './authenticate.ts'
import { readAuditOf, searchAudit, SEARCHED_MAXIMUM } from './read-audit.ts'
import { ofHost, ofJob, ofNamedUser, ofNewSnapshot, ofNothing, ofUser, ofVm } from './subjects.ts'
import { createUser, type User } from './users.ts'
import { nameVmsBy } from './vm-names.ts'

const UUID = '6d0f5c0e-0000-4000-8000-000000000001'
const FROM = { address: '198.51.100.1', agent: '' }
const found = async (search: Record<string, string>) =>
  (await searchAudit(parseAuditQuery(search).query)).entries

async function addJob(id: string) {
  await store()
    .insertInto('jobs')
    .values({
      id,
      kind: 'merge',
      host: 'lab',
      vm_uuid: UUID,
      vm_name: 'web',
      title: `Merge vda (${id})`,
      status: 'running',
      by: 'ann',
      nonce: id,
      input: '{}',
      created_at_ms: Date.now(),
      ended_at_ms: null,
      percent: null,
      note: null,
      result: null,
      error: null,
      can_cancel: 0,
      cancel_requested: 0,
      version: '1',
      run: 1,
      mode: 'do',
      locks: '[]',
      begun_at_ms: null,
      offers: '[]',
      request: null,
      copied_bytes: null,
      kept: '{}',
    })
    .execute()
}
const endJob = (id: string, status: string, error: string | null = null) =>
  store().updateTable('jobs').set({ status, error, ended_at_ms: Date.now() }).where('id', '=', id).execute()

describe('the audit log', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  let ann: User
  beforeEach(async () => {
    temporary = await openTemporaryStore()
    ann = await createUser('ann', 'a good password', 'admin')
    nameVmsBy((_, uuid) => (uuid === UUID ? 'web' : null))
  })
  afterEach(() => temporary.remove())
  const asked = (act: Asked['act'], input: object, subject: Asked['subject'] = ofVm) => ({
    user: ann,
    act,
    subject,
    input,
    address: '198.51.100.1',
  })

  it('can’t be changed or emptied, not even by SQL', async () => {
    await addJob('j1')
    await audit(asked('merge.start', { host: 'lab', vm: UUID }), { result: 'ok', jobId: 'j1' })
    await endJob('j1', 'succeeded')
    for (const table of ['audit', 'audit_results', 'audit_job_ends']) {
      expect((await sql`SELECT * FROM ${sql.table(table)}`.execute(store())).rows).toHaveLength(1)
      await expect(sql`DELETE FROM ${sql.table(table)}`.execute(store())).rejects.toThrow(/append-only/)
      await expect(sql`UPDATE ${sql.table(table)} SET at_ms = 0`.execute(store())).rejects.toThrow(
        /append-only/,
      )
    }
  })

  it('tells who did what to what, from where, and which job it began', async () => {
    await addJob('j1')
    await audit(asked('snapshot.create', { host: 'lab', vm: UUID, name: 'before' }, ofNewSnapshot), {
      result: 'ok',
      jobId: 'j1',
    })
    expect(await readAuditOf({ host: 'lab', vmUuid: UUID, snapshot: 'before' }, 10)).toMatchObject([
      {
        userName: 'ann',
        act: 'snapshot.create',
        address: '198.51.100.1',
        host: 'lab',
        vmUuid: UUID,
        vmName: 'web',
        snapshot: 'before',
        job: { id: 'j1', title: 'Merge vda (j1)' },
        status: 'under way',
        sentence: null,
      },
    ])
    expect(await readAuditOf({ host: 'other', vmUuid: UUID }, 10)).toEqual([])
    expect(await readAuditOf({ host: 'lab', vmUuid: UUID, snapshot: 'after' }, 10)).toEqual([])
  })

  it('shows a job’s end at what began it; a retry ends anew and leaves the first end as it was', async () => {
    await addJob('j1')
    await audit(asked('repair.start', { host: 'lab', repair: 'r' }, ofHost), { result: 'ok', jobId: 'j1' })
    await endJob('j1', 'failed', 'No space is left.')
    await new Promise((resolve) => setTimeout(resolve, 5))
    await store()
      .updateTable('jobs')
      .set({ status: 'queued', ended_at_ms: null, error: null })
      .where('id', '=', 'j1')
      .execute()
    await audit(asked('job.way-out', { jobId: 'j1', act: 'retry' }, ofJob), { result: 'ok', jobId: 'j1' })
    expect((await readAuditOf({ jobId: 'j1' }, 10)).map((entry) => entry.status)).toEqual([
      'under way',
      'failed',
    ])
    await endJob('j1', 'succeeded')
    // A repair names no VM; its job does.
    expect(await readAuditOf({ host: 'lab', vmUuid: UUID }, 10)).toMatchObject([
      { act: 'job.way-out', status: 'ok', vmName: 'web' },
      { act: 'repair.start', status: 'failed', sentence: 'No space is left.', vmName: 'web' },
    ])
  })

  it('keeps what was asked where Keyframe died before its end, and what was refused, with the reason', async () => {
    await auditAsked(asked('vm.power', { host: 'lab', vm: UUID, act: 'start' }))
    await audit(asked('vm.power', { host: 'lab', vm: UUID, act: 'start' }), {
      result: 'refused',
      sentence: 'It runs already.',
    })
    expect((await found({})).map(({ status, sentence }) => [status, sentence])).toEqual([
      ['refused', 'It runs already.'],
      ['unfinished', null],
    ])
  })

  it('takes any input of a refused act, without secrets, and no more of it than fits', async () => {
    for (const input of [
      null,
      'text',
      7,
      [],
      { host: {}, vm: 'x'.repeat(9_000), nested: { newPassword: 'hush', token: 'hush' } },
      Object.create(null),
    ])
      await audit({ ...asked('vm.power', {}), input }, { result: 'refused', sentence: 'No.' })
    const all = await found({})
    expect(all).toHaveLength(6)
    expect(Math.max(...all.map((entry) => entry.asked.length))).toBe(4_000)
    await audit(asked('vm.power', { nested: { newPassword: 'hush', token: 'hush', Secret: 'hush' } }), {
      result: 'refused',
      sentence: 'No.',
    })
    expect((await found({}))[0]?.asked).toBe('{"nested":{"newPassword":"…","token":"…","Secret":"…"}}')
  })

  it('is searched by person, VM, act, result, text and time', async () => {
    const bob = await createUser('bob', 'a good password', 'operator')
    await audit(
      { ...asked('snapshot.create', { host: 'lab', vm: UUID, name: '100%_sure' }, ofNewSnapshot), user: bob },
      { result: 'refused', sentence: 'Disk vdb is raw.' },
    )
    await audit(asked('user.disable', { id: bob.id }, ofUser), { result: 'ok' })
    await audit(
      { user: SERVER, act: 'user.recover', subject: ofNamedUser, input: { name: 'ann' }, address: null },
      { result: 'ok' },
    )
    const acts = async (search: Record<string, string>) => (await found(search)).map((entry) => entry.act)
    const [recover, disable, create] = ['user.recover', 'user.disable', 'snapshot.create']
    expect(await acts({})).toEqual([recover, disable, create])
    expect(await acts({ person: 'BO' })).toEqual([create])
    expect([
      await acts({ vm: 'we' }),
      await acts({ vm: UUID.toUpperCase() }),
      await acts({ vm: '%' }),
    ]).toEqual([[create], [create], []])
    expect([
      await acts({ act: 'user.disable' }),
      await acts({ result: 'refused' }),
      await acts({ result: 'ok' }),
    ]).toEqual([[disable], [create], [recover, disable]])
    expect([
      await acts({ q: '100%_' }),
      await acts({ q: 'vdb is RAW' }),
      await acts({ q: 'take a snap' }),
      await acts({ q: '198.51' }),
      await acts({ q: 'bob' }),
    ]).toEqual([[create], [create], [create], [disable, create], [disable, create]])
    const day = (offset: number) => {
      const date = new Date(Date.now() + offset * 86_400_000)
      return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`
    }
    expect([
      await acts({ from: day(0), until: day(0) }),
      await acts({ until: day(-1) }),
      await acts({ from: `${day(1)}T00:00` }),
    ]).toEqual([[recover, disable, create], [], []])
    expect(await acts({ person: 'bob', act: 'user.disable' })).toEqual([])
  })

  it('searches the newest 20,000 of a long log, and says from when on', async () => {
    await sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= ${SEARCHED_MAXIMUM})
      INSERT INTO audit (at_ms, user_name, act, asked) SELECT i, CASE WHEN i = 1 THEN 'old' ELSE 'ann' END, 'vm.power', '{"name":"needle"}' FROM n`.execute(
      store(),
    )
    const begunAtMs = performance.now()
    const { entries, total, unsearchedUntilMs } = await searchAudit(parseAuditQuery({ q: 'needle' }).query)
    expect(performance.now() - begunAtMs).toBeLessThan(3_000)
    expect([entries.length, total, unsearchedUntilMs]).toEqual([50, SEARCHED_MAXIMUM, 1])
    // The others narrow down first, so an old record is found by them.
    expect(await searchAudit(parseAuditQuery({ q: 'needle', person: 'old' }).query)).toMatchObject({
      entries: [{ userName: 'old' }],
      total: 1,
      unsearchedUntilMs: null,
    })
    expect(await searchAudit(parseAuditQuery({ q: 'no such needle' }).query)).toEqual({
      entries: [],
      total: 0,
      unsearchedUntilMs: 1,
    })
    expect(await searchAudit(parseAuditQuery({ page: '401' }).query)).toMatchObject({
      entries: [{ userName: 'old' }],
      total: SEARCHED_MAXIMUM + 1,
      unsearchedUntilMs: null,
    })
    expect(await searchAudit(parseAuditQuery({ q: 'needle', page: '9999' }).query)).toMatchObject({
      entries: [],
      total: SEARCHED_MAXIMUM,
    })
  })

  it('comes in pages of 50', async () => {
    for (let each = 0; each < 51; each++)
      await audit(asked('vm.power', { host: 'lab', vm: UUID, act: `${each}` }), { result: 'ok' })
    const pages = await Promise.all(
      ['1', '2', '3'].map((page) => searchAudit(parseAuditQuery({ page }).query)),
    )
    expect(pages.map(({ entries, total }) => [entries.length, total])).toEqual([
      [50, 51],
      [1, 51],
      [0, 51],
    ])
    expect(pages[1]?.entries[0]?.asked).toContain('"act":"0"')
  })

  it('holds sign-ins, good and bad; an unknown name is not written down, and tries that are not let through once', async () => {
    await authenticate('ann', 'a good password', FROM)
    await authenticate('ann', 'wrong', FROM)
    await authenticate('my-password-by-mistake', 'x', FROM)
    for (let time = 0; time < 10; time++) await authenticate('ann', 'wrong', FROM)
    const all = await found({ act: 'session.sign-in' })
    expect(JSON.stringify(all)).not.toContain('mistake')
    expect(all.filter((entry) => entry.userName === '(unknown name)')).toHaveLength(1)
    expect(all.filter((entry) => entry.status === 'ok')).toMatchObject([
      { userName: 'ann', address: '198.51.100.1' },
    ])
    expect(all.filter((entry) => entry.sentence?.startsWith('Too many'))).toHaveLength(1)
    expect(all).toHaveLength(1 + 5 + 1 + 1)
  })

  it('tells open pages: those of the VM, and otherwise the log’s own', async () => {
    const heard: LiveEvent[] = []
    const { end } = subscribe(null, ({ event }) => heard.push(event))
    await addJob('j1')
    await audit(asked('repair.start', { host: 'lab' }, ofHost), { result: 'ok', jobId: 'j1' })
    await auditOutcome(await auditAsked(asked('account.end-session', { id: 'x' }, ofNothing)), {
      result: 'ok',
    })
    end()
    expect(heard).toEqual([
      { type: 'audit', host: 'lab', vmUuid: UUID },
      { type: 'audit', host: null, vmUuid: null },
    ])
  })
})

describe('what the address of the audit log asks for', () => {
  it('leaves out what can’t be read, and says so', () => {
    const { query, complaints } = parseAuditQuery({
      act: 'nonsense',
      result: 'x',
      from: 'yesterday',
      until: '2026-02-31T99:99',
      page: '-1',
      person: 'ann',
      q: 'x'.repeat(500),
    })
    expect(query).toMatchObject({
      person: 'ann',
      act: null,
      status: null,
      fromMs: null,
      untilMs: null,
      page: 1,
    })
    expect(query.text).toHaveLength(200)
    expect(complaints).toHaveLength(4)
  })

  it('takes a whole day, and the minute that was named', () => {
    const { query, complaints } = parseAuditQuery({ from: '2026-11-24', until: '2026-11-24' })
    expect([query.untilMs! - query.fromMs!, complaints]).toEqual([86_400_000, []])
    const minute = parseAuditQuery({ from: '2026-11-24T09:30', until: '2026-11-24T09:30' }).query
    expect(minute.untilMs! - minute.fromMs!).toBe(60_000)
    expect(parseAuditQuery({ from: '2026-11-25', until: '2026-11-24' }).complaints).toEqual([
      expect.stringContaining('begins after its end'),
    ])
  })
})
