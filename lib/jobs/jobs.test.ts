import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../../e2e/lab/wait-until.ts'
import { Refusal } from './refusal.ts'
import { JobCancelled, type Saga, type SagaContext } from './saga.ts'

const folder = mkdtempSync(join(tmpdir(), 'kf-jobs-'))
process.env.KEYFRAME_DATA = join(folder, 'here')
const children: ChildProcess[] = []
afterEach(() => { for (const child of children.splice(0)) child.kill('SIGKILL') })

/** What the next job's saga does. */
let act: (context: SagaContext<{ n: number }>) => Promise<string[]> = async () => []
const saga: Saga<{ n: number }> = { kind: 'merge', version: '1', run: (context) => act(context) }
class Unreachable extends Error {}

const begin = async (nonce: string, vmUuid = nonce) => (await import('./start-job.ts')).startJob(saga, { host: 'h', vmUuid, vmName: 'web', title: 'Merge vda', nonce }, { n: 1 }, { name: 'anna' })
const ended = async ({ jobId }: { jobId: string }) => {
  const { readJob } = await import('./read-jobs.ts')
  return waitUntil(async () => { const job = await readJob(jobId); return job !== null && job.endedAtMs !== null && job }, { limitMs: 10_000, everyMs: 20, what: 'The end of the job' })
}

beforeAll(async () => {
  await (await import('../store/store.ts')).openStore()
  await (await import('./start-jobs.ts')).startJobs([saga], { isUnreachable: (error) => error instanceof Unreachable, sentenceOf: () => null })
})
afterAll(async () => {
  await (await import('./engine.ts')).stopJobs()
  await (await import('../store/store.ts')).closeStore()
  rmSync(folder, { recursive: true, force: true })
})

describe('a job', () => {
  it('ends with its lines, a refusal with its sentence, a cancel as cancelled', async () => {
    act = async ({ step }) => [`got ${await step('a', { do: async () => 5 })}`]
    expect(await ended(await begin('ok'))).toMatchObject({ status: 'succeeded', result: ['got 5'], error: null, by: 'anna', percent: 100 })
    act = async ({ step }) => { await step('a', { do: async () => { throw new Refusal('Not now.') } }); return [] }
    expect(await ended(await begin('refused'))).toMatchObject({ status: 'failed', error: 'Not now.' })
    act = async () => { throw new Error('SQLITE_CONSTRAINT: secret words') }
    expect((await ended(await begin('unknown'))).error).toMatch(/for a reason that Keyframe does not know/)
    act = async () => { throw new JobCancelled('As it was.') }
    expect(await ended(await begin('cancelled'))).toMatchObject({ status: 'cancelled', result: ['As it was.'], error: null })
  })

  it('asks whether a step is done before doing it, and waits while its host is away', async () => {
    let tries = 0
    act = async ({ step }) => {
      const done = await step('done', { isDone: async () => 'found', do: async () => 'did' })
      const waited = await step('away', { do: async () => { if (++tries < 2) throw new Unreachable('gone'); return `try ${tries}` } })
      return [done, waited]
    }
    expect((await ended(await begin('steps'))).result).toEqual(['found', 'try 2'])
  })

  it('is one for the same form sent twice, and one at a time for a VM', async () => {
    let release = () => undefined as void
    const held = new Promise<void>((resolve) => { release = resolve })
    act = async () => { await held; return ['once'] }
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
    act = async ({ allowCancel, waitFor, cancelRequested }) => {
      await allowCancel(true)
      await waitFor('cancel', async () => ((await cancelRequested()) ? true : null), 20)
      throw new JobCancelled('Stopped.')
    }
    const job = await begin('to cancel')
    const { readJob } = await import('./read-jobs.ts')
    await waitUntil(async () => (await readJob(job.jobId))!.canCancel, { limitMs: 5_000, what: 'The offer to cancel' })
    await cancelJob(job.jobId)
    expect((await ended(job)).status).toBe('cancelled')
    await expect(cancelJob(job.jobId)).rejects.toThrow(/has ended already/)
  })
})

it('kill -9 in the middle of a step: the next process takes it up within 5 s, repeats no finished step and asks first', async () => {
  const file = join(folder, 'lines')
  const run = (mode: string) => {
    const child = spawn(process.execPath, ['--conditions=react-server', '--disable-warning=ExperimentalWarning', fileURLToPath(new URL('./testing/counting-process.ts', import.meta.url)), join(folder, 'other'), file, mode], { stdio: 'inherit' })
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
  const row = () => database.prepare('SELECT status, result FROM jobs').get() as { status: string; result: string }
  await waitUntil(() => row().status === 'succeeded', { limitMs: 5_000, what: 'The end of the job' })
  expect(row().result).toBe('["three after 99"]')
  expect(lines().filter((line) => !line.endsWith('ready'))).toEqual(['one', 'two begun with 42', 'two acted'])
  database.close()
}, 60_000)
