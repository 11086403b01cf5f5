import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'
import { checkEnd } from './check-end.ts'
import { type FaultCase, type Place, placeName, placeOf } from './fault-case.ts'
import { NAME } from './fault-guest.ts'
import { type Mend, straceLog } from './faults.ts'
import { keepEvidence } from './evidence.ts'
import { followToEnd, RECOVERY_LIMIT_MS } from './job-end.ts'
import { readReality } from './observe.ts'
import { startScene } from './saved-scene.ts'
import type { Stage } from './stage.ts'
import type { SubjectProcess } from './subject-process.ts'
import type { Ask } from './subject-protocol.ts'

const BOUNDARY_LIMIT_MS = 40_000
const VIEW_LIMIT_MS = 30_000
/** Merges 4 MiB in 2 s. */
const SLOW_COPY_BYTES_PER_SECOND = 2 * 1024 * 1024

export type CaseResult = {
  passed: boolean
  outcome: string
  said: string
  faults: string[]
  recoveryMs: number
  tookMs: number
  version: string
  places: Place[]
}

/** Runs one case on a guest of its own. Without a fault: a dry run, which finds the boundaries. */
export async function runCase(
  stage: Stage,
  scenario: FaultCase['scenario'],
  name: string,
  harm?: Pick<FaultCase, 'place' | 'fault'>,
): Promise<CaseResult> {
  const scene = await stage.scene(scenario)
  const startedMs = Date.now()
  const dataDir = join(stage.folder, 'data')
  rmSync(dataDir, { recursive: true, force: true })
  mkdirSync(dataDir)
  rmSync(straceLog(stage.guest), { force: true })
  const places: Place[] = []
  const evidence: Record<string, unknown> = {}
  const logs: string[] = []
  let mend: Mend | void
  let app: SubjectProcess | undefined
  const mendOnce = async () => {
    const act = mend
    mend = undefined
    await act?.()
  }
  const take = () => {
    const { app: taken, log } = stage.supply.take()
    logs.push(log)
    return taken
  }
  const result: CaseResult = {
    passed: false,
    outcome: 'none',
    said: '',
    faults: [],
    recoveryMs: 0,
    tookMs: 0,
    version: '',
    places,
  }
  try {
    await startScene(stage.guest, scene)
    app = take()
    let reached: () => void = () => undefined
    const atPlace = new Promise<void>((resolve) => {
      reached = resolve
    })
    let goOn: () => void = () => undefined
    const mayGoOn = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let harmed = false
    let begun = false
    app.atBoundary = async (boundary) => {
      if (!begun) return
      const { step, at } = placeOf(boundary)
      places.push({ step, at })
      if (harmed || harm?.place.step !== step || harm.place.at !== at) return
      harmed = true
      reached()
      await mayGoOn
    }
    await app.ask('open', { dataDir, uri: stage.uri })
    const vm = (await stage.lab.virsh('domuuid', NAME)).trim()
    result.version = await app.ask('version', { kind: scenario.begin.act })
    const folders = { overlays: stage.guest.overlaysDir, backups: stage.guest.backupsDir }
    const first = app
    await scenario.before?.(stage.guest, (act) => toItsEnd(first, { vm, act, ...folders }))
    begun = true
    const jobId = await app.ask('begin', {
      vm,
      act: scenario.begin,
      ...folders,
      bandwidthBytesPerSecond:
        harm?.place.at === 'waiting' && harm.place.step.startsWith('copy') ? SLOW_COPY_BYTES_PER_SECOND : 0,
    })
    let faultAtMs = Date.now()
    if (harm) {
      await bounded(atPlace, BOUNDARY_LIMIT_MS, `The boundary “${placeName(harm.place)}”`)
      mend = await harm.fault.apply({ guest: stage.guest, proxy: stage.proxy, killApp: () => first.kill() })
      faultAtMs = Date.now()
      if (first.ended) {
        app = take()
        await app.ask('open', { dataDir, uri: stage.uri })
      } else goOn()
    }
    const asked = app
    const { job, chosen } = await followToEnd(asked, jobId, harm?.fault, scenario, mendOnce).catch(
      async (error: unknown) => {
        evidence.job = await asked.ask('job', { jobId }).catch(() => null)
        throw error
      },
    )
    begun = false
    evidence.job = job
    result.said = job.error ?? job.result.join(' ')
    result.recoveryMs = job.endedAtMs! - faultAtMs
    const view = await waitUntil(() => asked.ask('view', { vm }), {
      limitMs: VIEW_LIMIT_MS,
      what: 'The pages of the VM',
    })
    evidence.view = view
    const reality = await readReality(stage.guest)
    evidence.reality = reality
    const { outcome, faults } = await checkEnd({
      guest: stage.guest,
      scene,
      scenario,
      mayStop: harm?.fault.mayStop,
      job,
      chosen,
      view,
      reality,
      vm,
      app: asked,
    })
    Object.assign(result, { outcome, faults, passed: faults.length === 0 })
  } catch (error) {
    result.faults.push(error instanceof Error ? error.message : String(error))
  }
  result.tookMs = Date.now() - startedMs
  await mendOnce().catch((error: unknown) => result.faults.push(String(error)))
  if (result.faults.length > 0) {
    result.passed = false
    await keepEvidence(stage, name, { ...result, ...evidence }, logs)
  }
  await app?.kill()
  await stage.clear()
  return result
}

/** One act before the case, which must go well. */
async function toItsEnd(
  app: SubjectProcess,
  begin: Omit<Extract<Ask, { ask: 'begin' }>, 'id' | 'ask' | 'bandwidthBytesPerSecond'>,
): Promise<void> {
  const jobId = await app.ask('begin', { ...begin, bandwidthBytesPerSecond: 0 })
  const job = await waitUntil(
    async () => {
      const now = await app.ask('job', { jobId })
      return now !== null && now.endedAtMs !== null ? now : undefined
    },
    { limitMs: RECOVERY_LIMIT_MS, everyMs: 100, what: `The end of “${begin.act.act}” before the case` },
  )
  if (job.status !== 'succeeded')
    throw new Error(`“${begin.act.act}” before the case ${job.status}: ${job.error}`)
}

async function bounded<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} was not reached within ${limitMs} ms.`)), limitMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
