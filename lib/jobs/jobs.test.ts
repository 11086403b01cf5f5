import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { Refusal } from './refusal.ts'
import { JobCancelled, JobStopped, type Saga, type SagaContext } from './saga.ts'

const folder = mkdtempSync(join(tmpdir(), 'kf-jobs-'))
process.env.KEYFRAME_DATA = join(folder, 'here')
process.env.KEYFRAME_JOBS_PER_HOST = '2'
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** What the next job's saga does. */
let act: (context: SagaContext<{ n: number }>) => Promise<string[]> = async () => []
const saga: Saga<{ n: number }> = {
  kind: 'merge',
  version: '2',
  copies: true,
  takesOver: { 1: (input) => ({ n: (input as { old: number }).old }) },
  run: (context) => act(context),
  undo: async ({ step }) => [await step('take back', { do: async () => 'taken back' })],
  offerUndo: async ({ n }) => (n === 1 ? 'Takes it back.' : null),
}
/** One that leaves its VM alone. */
let look: () => Promise<string[]> = async () => []
const apartSaga: Saga<object> = { kind: 'backup-check', version: '1', apart: true, run: () => look() }
class Unreachable extends Error {}

const begin = async (nonce: string, vmUuid = nonce) =>
  (await import('./start-job.ts')).startJob(
    saga,
    { host: 'h', vmUuid, vmName: 'web', title: 'Merge vda', nonce },
    { n: 1 },
    { name: 'anna' },
  )
const view = async (jobId: string) => (await (await import('./read-jobs.ts')).readJob(jobId))!
const choose = async (jobId: string, act: 'retry' | 'resume' | 'undo' | 'pause' | 'unlimit') =>
  (await import('./choose-way-out.ts')).chooseWayOut({ jobId, act })
const story = async (jobId: string) => (await import('./step-log.ts')).readJobStory(jobId)
const acts = async (jobId: string) => (await view(jobId)).offers.map((offer) => offer.act)
const ended = async ({ jobId }: { jobId: string }) => {
  const { readJob } = await import('./read-jobs.ts')
  return waitUntil(
    async () => {
      const job = await readJob(jobId)
      return job !== null && job.endedAtMs !== null && job
    },
    { limitMs: 10_000, everyMs: 20, what: 'The end of the job' },
  )
}

beforeAll(async () => {
  await (await import('../store/store.ts')).openStore()
  await (
    await import('./start-jobs.ts')
  ).startJobs([saga, apartSaga], {
    isUnreachable: (error) => error instanceof Unreachable,
    sentenceOf: () => null,
  })
})
afterAll(async () => {
  await (await import('./engine.ts')).stopJobs()
  await (await import('../store/store.ts')).closeStore()
  rmSync(folder, { recursive: true, force: true })
})

describe('a job', () => {
  it('ends with its lines, a refusal with its sentence, a cancel as cancelled', async () => {
    act = async ({ step }) => [`got ${await step('a', { do: async () => 5 })}`]
    expect(await ended(await begin('ok'))).toMatchObject({
      status: 'succeeded',
      result: ['got 5'],
      error: null,
      by: 'anna',
      percent: 100,
    })
    act = async ({ step }) => {
      await step('a', {
        do: async () => {
          throw new Refusal('Not now.')
        },
      })
      return []
    }
    expect(await ended(await begin('refused'))).toMatchObject({ status: 'failed', error: 'Not now.' })
    act = async () => {
      throw new Error('SQLITE_CONSTRAINT: secret words')
    }
    expect((await ended(await begin('unknown'))).error).toMatch(/for a reason that Keyframe does not know/)
    act = async () => {
      throw new JobCancelled('As it was.')
    }
    expect(await ended(await begin('cancelled'))).toMatchObject({
      status: 'cancelled',
      result: ['As it was.'],
      error: null,
    })
  })

  it('asks whether a step is done before doing it, and waits while its host is away', async () => {
    let tries = 0
    act = async ({ step }) => {
      const done = await step('done', { isDone: async () => 'found', do: async () => 'did' })
      const waited = await step('away', {
        do: async () => {
          if (++tries < 2) throw new Unreachable('gone')
          return `try ${tries}`
        },
      })
      return [done, waited]
    }
    expect((await ended(await begin('steps'))).result).toEqual(['found', 'try 2'])
  })

  it('that leaves its VM alone holds nobody up, but for what both lock', async () => {
    let release = () => undefined as void
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    look = async () => {
      await held
      return ['looked']
    }
    act = async () => ['merged']
    const { startJob } = await import('./start-job.ts')
    const { readLock } = await import('./locks.ts')
    const start = (kind: Saga<object>, nonce: string, locks: string[]) =>
      startJob(
        kind,
        { host: 'h', vmUuid: 'vm-apart', vmName: 'web', title: `Job ${nonce}`, nonce, locks },
        { n: 1 },
        { name: 'anna' },
      )
    const first = await start(apartSaga, 'apart 1', [readLock('its backups')])
    const second = await start(apartSaga, 'apart 2', [readLock('its backups')])
    expect(
      (await ended(await start(saga as Saga<object>, 'merge meanwhile', [readLock('its backups')]))).status,
    ).toBe('succeeded')
    await expect(start(apartSaga, 'removal', ['its backups'])).rejects.toThrow(
      /“Job apart 1”, begun by anna, works on its backups/,
    )
    release()
    expect([(await ended(first)).result, (await ended(second)).result]).toEqual([['looked'], ['looked']])
    expect((await ended(await start(apartSaga, 'removal 2', ['its backups']))).status).toBe('succeeded')
  })

  it('is one for the same form sent twice, and one at a time for a VM', async () => {
    let release = () => undefined as void
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    act = async () => {
      await held
      return ['once']
    }
    const [first, again] = await Promise.all([begin('twice', 'vm1'), begin('twice', 'vm1')])
    expect(again).toEqual(first)
    await expect(begin('other form', 'vm1')).rejects.toThrow(/web is busy: “Merge vda”, begun by anna/)
    release()
    expect((await ended(first)).result).toEqual(['once'])
    expect(await begin('twice', 'vm1')).toEqual(first)
  })

  it('two forms of one VM at the same instant: one job, one refusal', async () => {
    act = async () => ['x']
    const both = await Promise.allSettled([begin('p', 'vm2'), begin('q', 'vm2')])
    expect(both.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
  })

  it('can be cancelled only while it says so', async () => {
    const { cancelJob } = await import('./cancel-job.ts')
    let seen = false
    act = async ({ allowCancel, waitFor, cancelRequested }) => {
      await allowCancel(true)
      await waitFor('cancel', async () => ((await cancelRequested()) && seen ? true : null), 20)
      throw new JobCancelled('Stopped.')
    }
    const job = await begin('to cancel')
    const { readJob } = await import('./read-jobs.ts')
    await waitUntil(async () => (await readJob(job.jobId))!.canCancel, {
      limitMs: 5_000,
      what: 'The offer to cancel',
    })
    await cancelJob(job.jobId)
    expect((await readJob(job.jobId))!.canCancel).toBe(false)
    // A second click says nothing new.
    expect(await cancelJob(job.jobId)).toEqual({ jobId: job.jobId })
    seen = true
    expect((await ended(job)).status).toBe('cancelled')
    await expect(cancelJob(job.jobId)).rejects.toThrow(/has ended already/)
  })
})

describe('ways out', () => {
  it('a failed job tells what it did; Retry runs it again, asking first; Undo takes it back', async () => {
    let broken = true
    act = async ({ step }) => {
      await step('one', {
        isDone: async () => (broken ? null : 'there'),
        do: async (call) =>
          call({ procedure: 'virOne', virsh: 'virsh one', xml: '<one/>', run: async () => 'made' }),
      })
      await step('two', {
        do: async (call) =>
          call({
            procedure: 'virTwo',
            virsh: 'virsh two',
            run: async () => {
              if (broken) throw new Refusal('Not yet.')
              return 2
            },
          }),
      })
      return ['both']
    }
    const { jobId } = await begin('ways')
    expect(await ended({ jobId })).toMatchObject({ status: 'failed', error: 'Not yet.' })
    expect(await acts(jobId)).toEqual(['retry', 'undo'])
    expect(
      (await story(jobId)).map(({ name, status, outcome, calls }) => [
        name,
        status,
        outcome,
        calls.map((call) => [call.virsh, call.xml, call.outcome]),
      ]),
    ).toEqual([
      ['one', 'done', 'made', [['virsh one', '<one/>', 'ok']]],
      ['two', 'failed', 'Not yet.', [['virsh two', null, 'Not yet.']]],
    ])
    broken = false
    await choose(jobId, 'retry')
    expect(await ended({ jobId })).toMatchObject({
      status: 'succeeded',
      result: ['both'],
      error: null,
      offers: [],
    })
    expect((await story(jobId)).map(({ run, name, status }) => [run, name, status])).toEqual([
      [1, 'one', 'done'],
      [1, 'two', 'failed'],
      [2, 'one', 'found'],
      [2, 'two', 'done'],
    ])
    await expect(choose(jobId, 'retry')).rejects.toThrow(/can’t be chosen any more/)
    broken = true
    const second = await begin('ways 2')
    await ended(second)
    await choose(second.jobId, 'undo')
    expect(await ended(second)).toMatchObject({ status: 'cancelled', result: ['taken back'] })
  })

  it('a job that stopped half way keeps its hold on the VM until it is resumed', async () => {
    let ready = false
    act = async () => {
      if (!ready) throw new JobStopped('It hangs between.', [{ act: 'resume', sentence: 'Goes on.' }])
      return ['through']
    }
    const { jobId } = await begin('stopped', 'vm3')
    await waitUntil(async () => (await view(jobId)).status === 'waiting', {
      limitMs: 5_000,
      what: 'The stop',
    })
    expect(await view(jobId)).toMatchObject({
      error: 'It hangs between.',
      endedAtMs: null,
      offers: [{ act: 'resume', sentence: 'Goes on.' }],
    })
    await expect(begin('beside', 'vm3')).rejects.toThrow(/has stopped half way and waits for a decision/)
    ready = true
    const both = await Promise.allSettled([choose(jobId, 'resume'), choose(jobId, 'resume')])
    expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect((await ended({ jobId })).result).toEqual(['through'])
  })

  it('what is asked of a running job is offered first, and taken once', async () => {
    act = async ({ offer, waitFor, takeRequest }) => {
      await offer([{ act: 'pause', sentence: 'Pauses.' }])
      return [await waitFor('asked', takeRequest, 20), String(await takeRequest())]
    }
    const { jobId } = await begin('asked')
    await waitUntil(async () => (await acts(jobId)).length > 0, { limitMs: 5_000, what: 'The offer' })
    await expect(choose(jobId, 'unlimit')).rejects.toThrow(/can’t be chosen/)
    await choose(jobId, 'pause')
    expect((await ended({ jobId })).result).toEqual(['pause', 'null'])
  })
})

describe('the queue of a host', () => {
  it('lets two begin, tells the others their place, takes a cancelled one out, and goes on by itself', async () => {
    let release = () => undefined as void
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    act = async () => {
      await held
      return ['done']
    }
    const jobs: { jobId: string }[] = []
    for (const n of [1, 2, 3, 4, 5]) jobs.push(await begin(`q${n}`))
    await waitUntil(
      async () =>
        (await view(jobs[0]!.jobId)).status === 'running' &&
        (await view(jobs[1]!.jobId)).status === 'running',
      { limitMs: 5_000, what: 'The first two' },
    )
    const places = async () =>
      Promise.all(
        jobs
          .slice(2)
          .map(
            async ({ jobId }) =>
              /place (\d)/.exec((await view(jobId)).note ?? '')?.[1] ?? (await view(jobId)).status,
          ),
      )
    expect(await places()).toEqual(['1', '2', '3'])
    await (await import('./cancel-job.ts')).cancelJob(jobs[3]!.jobId)
    expect(await places()).toEqual(['1', 'cancelled', '2'])
    expect((await view(jobs[3]!.jobId)).result).toEqual(['Taken out of the queue. Nothing was done.'])
    release()
    for (const n of [0, 1, 2, 4]) expect((await ended(jobs[n]!)).result).toEqual(['done'])
  })

  it('refuses a job on another VM that shares a layer with a running one', async () => {
    const { startJob } = await import('./start-job.ts')
    let release = () => undefined as void
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    act = async () => {
      await held
      return []
    }
    const start = (vm: string, locks: string[]) =>
      startJob(
        saga,
        { host: 'h', vmUuid: vm, vmName: vm, title: `Merge of ${vm}`, nonce: `${vm}-${locks.join()}`, locks },
        { n: 1 },
        { name: 'anna' },
      )
    const first = await start('a', ['/base', '/a'])
    await expect(start('b', ['/b', '/base'])).rejects.toThrow(
      'b shares /base with a, where “Merge of a”, begun by anna, is not finished. Wait for it.',
    )
    const other = await start('c', ['/c'])
    release()
    await Promise.all([ended(first), ended(other)])
    expect((await ended(await start('b', ['/b', '/base']))).status).toBe('succeeded')
  })
})

describe('an upgrade with jobs in flight', () => {
  const leave = async (id: string, version: string, kind: string, input: object) => {
    const { store } = await import('../store/store.ts')
    await store()
      .insertInto('jobs')
      .values({
        id,
        kind,
        host: 'h',
        vm_uuid: id,
        vm_name: id,
        title: 'Left',
        status: 'running',
        by: 'anna',
        nonce: `left ${id}`,
        input: JSON.stringify(input),
        created_at_ms: 1,
        ended_at_ms: null,
        percent: null,
        note: null,
        result: null,
        error: null,
        can_cancel: 0,
        cancel_requested: 0,
        version,
        run: 1,
        mode: 'do',
        locks: '[]',
        begun_at_ms: 1,
        offers: '[]',
        request: null,
        copied_bytes: null,
        kept: '{}',
      })
      .execute()
  }

  it('finishes what an older version began where it can, and says so where it can’t', async () => {
    act = async ({ input }) => [`n is ${input.n}`]
    await leave('older', '1', 'merge', { old: 7 })
    await leave('too old', '0', 'merge', {})
    await leave('unknown', '1', 'backup', {})
    const { engine, stopJobs } = await import('./engine.ts')
    await stopJobs()
    await (
      await import('./start-jobs.ts')
    ).startJobs([saga, apartSaga], { isUnreachable: () => false, sentenceOf: () => null })
    expect(engine().worker).not.toBeNull()
    expect(await ended({ jobId: 'older' })).toMatchObject({ status: 'succeeded', result: ['n is 7'] })
    expect((await view('too old')).error).toMatch(/version 0.*can’t go on with/)
    expect((await view('unknown')).error).toMatch(/does not know jobs of the kind “backup”/)
  })
})

it('kill -9 in the middle of a step: the next process takes it up within 5 s, repeats no finished step and asks first', async () => {
  const file = join(folder, 'lines')
  const run = (mode: string) => {
    const child = spawn(
      process.execPath,
      [
        '--conditions=react-server',
        '--disable-warning=ExperimentalWarning',
        fileURLToPath(new URL('./testing/counting-process.ts', import.meta.url)),
        join(folder, 'other'),
        file,
        mode,
      ],
      { stdio: 'inherit' },
    )
    children.push(child)
    return child
  }
  const lines = () => readFileSync(file, { encoding: 'utf8', flag: 'a+' }).trim().split('\n')
  const first = run('start')
  await waitUntil(() => lines().includes('two acted'), { limitMs: 20_000, what: 'The step before the kill' })
  first.kill('SIGKILL')
  await new Promise((resolve) => first.once('exit', resolve))
  run('resume')
  await waitUntil(() => lines().includes('resume ready'), { limitMs: 20_000, what: 'The second process' })
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(join(folder, 'other', 'keyframe.db'), { readOnly: true })
  const row = () =>
    database.prepare('SELECT status, result FROM jobs').get() as { status: string; result: string }
  await waitUntil(() => row().status === 'succeeded', { limitMs: 5_000, what: 'The end of the job' })
  expect(row().result).toBe('["three after 99"]')
  expect(lines().filter((line) => !line.endsWith('ready'))).toEqual(['one', 'two begun with 42', 'two acted'])
  database.close()
}, 60_000)
