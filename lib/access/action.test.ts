import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { z } from 'zod'
import { Refusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { sql } from 'kysely'
import { endRefusals } from './audit-refused.ts'
import { BUDGET_RECORDS } from './refusal-budget.ts'
import { action } from './action.ts'
import { currentSession, type Session } from './current-user.ts'
import { route, type AnswerOf } from './route.ts'
import { ofNothing } from './subjects.ts'

vi.mock('./current-user.ts', () => ({ currentSession: vi.fn() }))
vi.mock('./client-address.ts', () => ({ requestFrom: async () => ({ address: '198.51.100.1', agent: '' }) }))
const signedIn: Session = { id: 's1', user: { id: 'u1', name: 'ann', role: 'operator' } }
const viewer: Session = { id: 's2', user: { id: 'u2', name: 'vic', role: 'viewer' } }
/** What a browser may send, whatever the type says. */
const sent = (value: unknown) => value as z.input<typeof Input>
const Input = z.object({ name: z.string(), password: z.string().optional() })

describe('a server action', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeEach(async () => {
    temporary = await openTemporaryStore()
    vi.mocked(currentSession).mockResolvedValue(signedIn)
  })
  afterEach(() => temporary.remove())
  const records = () =>
    store()
      .selectFrom('audit')
      .leftJoin('audit_results', 'audit_id', 'id')
      .select(['user_name', 'act', 'asked', 'address', 'result', 'sentence', 'audit_results.job_id'])
      .execute()

  it('does nothing without a session', async () => {
    vi.mocked(currentSession).mockResolvedValue(null)
    const run = vi.fn()
    expect(await action('vm.power', Input, ofNothing, run)({ name: 'web' })).toEqual({
      ok: false,
      message: expect.stringMatching(/Sign in again/),
    })
    expect(run).not.toHaveBeenCalled()
    expect(await records()).toEqual([])
  })

  it('does nothing with input of another shape, and names the field', async () => {
    const run = vi.fn()
    expect(await action('vm.power', Input, ofNothing, run)(sent({ name: 7 }))).toMatchObject({
      ok: false,
      fields: { name: expect.any(String) },
    })
    expect(run).not.toHaveBeenCalled()
    expect(await records()).toMatchObject([{ act: 'vm.power', result: 'refused' }])
  })

  it('hands on no field that the act does not name, and of a field that was sent twice the last', async () => {
    const given: unknown[] = []
    const act = action('vm.power', Input, ofNothing, async ({ input }) => {
      given.push(input)
      return {}
    })
    const form = new FormData()
    for (const [key, value] of [
      ['name', 'one'],
      ['name', 'two'],
      ['role', 'admin'],
      ['__proto__', 'x'],
      ['constructor', 'x'],
    ] as const)
      form.append(key, value)
    for (const input of [
      JSON.parse('{"name":"web","role":"admin","id":"u1","__proto__":{"role":"admin"}}'),
      form,
    ])
      await act(input)
    expect(given).toEqual([{ name: 'web' }, { name: 'two' }])
    for (const input of given)
      expect([Object.getPrototypeOf(input) === Object.prototype, (input as { role?: string }).role]).toEqual([
        true,
        undefined,
      ])
    expect(({} as { role?: string }).role).toBeUndefined()
  })

  it('takes no value of another type for one that looks the same', async () => {
    const run = vi.fn()
    for (const name of [['web'], { toString: 'web' }, 0, true, null])
      expect(await action('vm.power', Input, ofNothing, run)(sent({ name }))).toMatchObject({
        ok: false,
        fields: { name: expect.any(String) },
      })
    expect(run).not.toHaveBeenCalled()
  })

  it('refuses a role that may not, with a sentence, whatever the input is, and records that', async () => {
    vi.mocked(currentSession).mockResolvedValue(viewer)
    const run = vi.fn()
    const form = new FormData()
    for (const [key, value] of [
      ['name', 'web'],
      ['password', 'hush'],
      ['$ACTION_REF_1', ''],
    ] as const)
      form.set(key, value)
    for (const input of [{ name: 'web', password: 'hush' }, { name: 7 }, null, form]) {
      expect(await action('vm.power', Input, ofNothing, run)(sent(input))).toEqual({
        ok: false,
        message:
          'Your role is viewer, which may not start, stop or thaw a VM: an operator or an admin may. Nothing was done.',
      })
    }
    expect(run).not.toHaveBeenCalled()
    const recorded = await records()
    expect(recorded.map(({ asked }) => asked)).toEqual([
      '{"name":"web","password":"…"}',
      '{"name":7}',
      'null',
      '{"name":"web","password":"…"}',
    ])
    for (const each of recorded)
      expect(each).toMatchObject({
        user_name: 'vic',
        act: 'vm.power',
        address: '198.51.100.1',
        result: 'refused',
        sentence: expect.stringContaining('Your role is viewer'),
      })
  })

  it('records a refusal, whatever was sent to keep it out of the log', async () => {
    vi.mocked(currentSession).mockResolvedValue(viewer)
    const cycle: Record<string, unknown> = { name: 'web' }
    cycle.self = cycle
    const throws = () => {
      throw new Error('no')
    }
    const hostile = [
      { name: 'web', z: 1n },
      cycle,
      { name: 'web', toJSON: throws },
      new Map([['name', 'web']]),
      new Proxy({}, { get: throws, ownKeys: throws, has: throws, getOwnPropertyDescriptor: throws }),
    ]
    for (const input of hostile)
      expect(await action('vm.power', Input, ofNothing, vi.fn())(sent(input))).toMatchObject({
        ok: false,
        message: expect.stringMatching(/^Your role is viewer/),
      })
    expect((await records()).map(({ act, result, asked }) => [act, result, asked])).toEqual(
      [
        '{"name":"web","z":"1"}',
        '{"name":"web","self":"[cycle]"}',
        '{"name":"web","toJSON":"[function]"}',
        '"[Map]"',
        '"[unreadable]"',
      ].map((asked) => ['vm.power', 'refused', asked]),
    )
  })

  it('refuses even where the refusal can’t be recorded, and says so in the log', async () => {
    vi.mocked(currentSession).mockResolvedValue(viewer)
    await sql`CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`.execute(
      store(),
    )
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const [run, handle] = [vi.fn(), vi.fn()]
    expect(await action('vm.power', Input, ofNothing, run)({ name: 'web' })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^Your role is viewer/),
    })
    expect(
      (await route('user.list', handle)(new Request('http://x/api'), { params: Promise.resolve({}) })).status,
    ).toBe(403)
    const log = write.mock.calls.map(([text]) => String(text)).join('')
    write.mockRestore()
    expect([run.mock.calls, handle.mock.calls]).toEqual([[], []])
    expect(log).toContain('the record of a refused vm.power')
  })

  it('records no more refusals of one user than the hour’s budget, and then how many more there were', async () => {
    vi.mocked(currentSession).mockResolvedValue({ id: 's3', user: { id: 'u3', name: 'eve', role: 'viewer' } })
    for (let time = 0; time < BUDGET_RECORDS + 40; time++)
      await action('vm.power', Input, ofNothing, vi.fn())({ name: `web ${time}` })
    expect(await records()).toHaveLength(BUDGET_RECORDS)
    vi.mocked(currentSession).mockResolvedValue({ id: 's4', user: { id: 'u4', name: 'fay', role: 'viewer' } })
    await action('vm.power', Input, ofNothing, vi.fn())({ name: 'web' })
    expect(await records()).toHaveLength(BUDGET_RECORDS + 1)
    await endRefusals()
    expect((await records()).at(-1)).toMatchObject({
      user_name: 'eve',
      act: 'refusals.more',
      result: 'refused',
      sentence: 'And 40 more refused acts in this hour, not recorded one by one.',
    })
    await endRefusals()
    expect(await records()).toHaveLength(BUDGET_RECORDS + 2)
  })

  it('records what was asked before it runs, without secrets, and the outcome after', async () => {
    const during: unknown[] = []
    const act = action('vm.power', Input, ofNothing, async ({ input }) => {
      during.push(...(await records()))
      return { jobId: input.name }
    })
    expect(await act({ name: 'web', password: 'hush' })).toEqual({ ok: true, jobId: 'web' })
    expect(during).toMatchObject([
      { user_name: 'ann', act: 'vm.power', asked: '{"name":"web","password":"…"}', result: null },
    ])
    expect(await records()).toMatchObject([{ result: 'ok', sentence: null, job_id: 'web' }])
  })

  it('shows a refusal’s sentence and fields', async () => {
    const act = action('vm.power', Input, ofNothing, () =>
      Promise.reject(new Refusal('It runs already.', { name: 'Taken.' })),
    )
    expect(await act({ name: 'web' })).toEqual({
      ok: false,
      message: 'It runs already.',
      fields: { name: 'Taken.' },
    })
    expect(await records()).toMatchObject([{ result: 'refused', sentence: 'It runs already.' }])
  })

  it('hides any other error behind an id that is found in the log with its cause', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const result = await action('vm.power', Input, ofNothing, () =>
      Promise.reject(new Error('inner', { cause: new Error('socket hang up') })),
    )({ name: 'web' })
    const log = write.mock.calls.map(([text]) => String(text)).join('')
    write.mockRestore()
    expect(result).toMatchObject({ ok: false, message: expect.not.stringContaining('inner') })
    expect(await records()).toMatchObject([{ result: 'failed' }])
    const id = /under ([0-9a-f]{8})\./.exec('message' in result ? result.message : '')?.[1]
    expect(log).toContain(`error ${id} in vm.power`)
    expect(log).toContain('socket hang up')
  })
})

describe('a route', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeEach(async () => {
    temporary = await openTemporaryStore()
  })
  afterEach(() => temporary.remove())
  const get = (handle: Parameters<typeof route>[1]) =>
    route('job.read', handle)(new Request('http://x/api'), { params: Promise.resolve({ id: '1' }) })

  it('answers 401 without a session, and runs nothing', async () => {
    vi.mocked(currentSession).mockResolvedValue(null)
    const handle = vi.fn()
    expect((await get(handle)).status).toBe(401)
    expect(handle).not.toHaveBeenCalled()
  })

  it('answers 403 to a role that may not, with a sentence', async () => {
    vi.mocked(currentSession).mockResolvedValue(viewer)
    const handle = vi.fn()
    const response = await route('merge.plan', handle)(new Request('http://x/api'), {
      params: Promise.resolve({}),
    })
    expect([response.status, await response.json()]).toEqual([
      403,
      {
        message:
          'Your role is viewer, which may not plan a merge: an operator or an admin may. Nothing was done.',
      },
    ])
    expect(handle).not.toHaveBeenCalled()
  })

  it('records what it refuses, once a minute for each user and act', async () => {
    vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] })
    const ask = async (act: 'user.list' | 'audit.read') =>
      (await route(act, vi.fn())(new Request('http://x/api'), { params: Promise.resolve({}) })).status
    const recorded = async () =>
      (
        await store()
          .selectFrom('audit')
          .innerJoin('audit_results', 'audit_id', 'id')
          .select(['user_name', 'act', 'result', 'address'])
          .orderBy('id')
          .execute()
      ).map((each) => [each.user_name, each.act, each.result, each.address])
    vi.mocked(currentSession).mockResolvedValue(viewer)
    expect([await ask('user.list'), await ask('user.list'), await ask('audit.read')]).toEqual([403, 403, 403])
    expect(await recorded()).toEqual([
      ['vic', 'user.list', 'refused', '198.51.100.1'],
      ['vic', 'audit.read', 'refused', '198.51.100.1'],
    ])
    vi.setSystemTime(Date.now() + 59_999)
    await ask('user.list')
    vi.mocked(currentSession).mockResolvedValue(signedIn)
    await ask('user.list')
    expect((await recorded()).slice(2)).toEqual([['ann', 'user.list', 'refused', '198.51.100.1']])
    vi.setSystemTime(Date.now() + 1)
    vi.mocked(currentSession).mockResolvedValue(viewer)
    await ask('user.list')
    expect(await recorded()).toHaveLength(4)
    vi.useRealTimers()
  })

  it('answers what it is given as JSON, and a response as it is', async () => {
    vi.mocked(currentSession).mockResolvedValue(signedIn)
    const given = await get(async () => ({ id: '1', names: ['a'] }))
    expect([given.status, given.headers.get('content-type'), await given.json()]).toEqual([
      200,
      'application/json',
      { id: '1', names: ['a'] },
    ])
    const own = new Response(null, { status: 404 })
    expect(await get(async () => own)).toBe(own)
    const both = route('job.read', async () => (Math.PI > 3 ? { id: '1' } : own))
    expect((await both(new Request('http://x/api'), { params: Promise.resolve({ id: '1' }) })).status).toBe(
      200,
    )
    expectTypeOf<AnswerOf<typeof both>>().toEqualTypeOf<{ id: string }>()
    expectTypeOf<AnswerOf<typeof both>>().not.toEqualTypeOf<{ id: number }>()
  })

  it('answers a refusal, a lost host and a VM that is gone with their sentences', async () => {
    vi.mocked(currentSession).mockResolvedValue(signedIn)
    const named = (name: string) => Object.assign(new Error(`sentence of ${name}`), { name })
    const answers = await Promise.all(
      [new Refusal('sentence of Refusal'), named('HostDown'), named('VmGone'), named('VmHung')].map(
        async (error) => {
          const response = await get(() => Promise.reject(error))
          return [response.status, ((await response.json()) as { message: string }).message]
        },
      ),
    )
    expect(answers).toEqual([
      [409, 'sentence of Refusal'],
      [503, 'sentence of HostDown'],
      [404, 'sentence of VmGone'],
      [503, 'sentence of VmHung'],
    ])
  })
})
