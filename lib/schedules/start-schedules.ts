import 'server-only'
import { hosts } from '../hosts/registry.ts'
import { subscribe } from '../live/hub.ts'
import { perProcess } from '../server/per-process.ts'
import { store } from '../store/store.ts'
import { beginRuns } from './begin-runs.ts'
import { checkBackups } from './check-backups.ts'
import { nowMs, setClock, type Clock } from './clock.ts'
import { nextDue } from './due-runs.ts'
import { lookAtTargets } from './look-at-targets.ts'
import { oneLookAtATime } from './one-look-at-a-time.ts'
import { listSchedules } from './read-schedules.ts'
import { recordDue } from './record-due.ts'
import { settleRuns, tidyAfterRuns } from './settle-runs.ts'
import { tellProtection } from './watch-protection.ts'

/** The longest between two looks: the machine's clock may jump, and targets and ages are looked after by the same look. */
const LOOK_MAXIMUM_MS = 60_000
const LOOK_MINIMUM_MS = 50
const DAY_MS = 24 * 60 * 60_000
const RUNS_KEPT_MS = 30 * DAY_MS
/** Kinds of jobs after whose end something may be due. */
const SETTLED_BY = /^backup|^restore/

interface Running {
  end(): Promise<void>
  look(): Promise<void>
}
const shared = perProcess<{ running?: Running }>('schedules/start-schedules', () => ({}))

/** Starts to run the schedules of this process, after `startJobs`. What was missed meanwhile is caught up at the first look. */
export function startSchedules(clock: Clock = { now: Date.now }): void {
  let timer: NodeJS.Timeout | null = null
  const arm = async () => {
    const due = (await listSchedules())
      .filter((schedule) => schedule.enabled)
      .flatMap((schedule) => nextDue(schedule, nowMs(), 1))
    const waitMs = Math.min(LOOK_MAXIMUM_MS, ...due.map((at) => at - nowMs()))
    if (looks.ended) return
    if (timer) clearTimeout(timer)
    timer = setTimeout(() => void wake(), Math.max(LOOK_MINIMUM_MS, waitMs))
    timer.unref()
  }
  const looks = oneLookAtATime(lookOnce, () => arm().catch(report))
  const wake = () => looks.look()
  setClock({ clock, wake: () => void wake() })
  const { end } = subscribe(null, ({ event }) => {
    if (event.type === 'job' && event.job.endedAtMs !== null && SETTLED_BY.test(event.job.kind)) void wake()
    // A run may wait for any job of its VM.
    else if (event.type === 'job' && event.job.endedAtMs !== null)
      void store()
        .selectFrom('schedule_runs')
        .select('id')
        .where('outcome', '=', 'waiting')
        .where('vm_uuid', '=', event.job.vmUuid)
        .executeTakeFirst()
        .then((run) => {
          if (run) void wake()
        }, report)
  })
  for (const host of hosts().values()) host.onUp(() => void wake())
  shared.running = {
    look: wake,
    async end() {
      end()
      const over = looks.end()
      if (timer) clearTimeout(timer)
      // A look that is under way must not find another time in its middle.
      await over
      setClock(null)
    },
  }
  void wake()
}

/** Ends it; a look that is under way is waited for. Jobs that were started go on. */
export async function stopSchedules(): Promise<void> {
  const running = shared.running
  delete shared.running
  await running?.end()
}

/** Looks now, for tests that set the clock. Resolves when nothing is left to do at this instant but what jobs do. */
export async function lookAtSchedules(): Promise<void> {
  await shared.running?.look()
}

/** Each part stands for itself: one that fails must not keep the others from their turn. */
async function lookOnce(): Promise<void> {
  for (const part of [
    readVms,
    settleRuns,
    recordDue,
    beginRuns,
    lookAtTargets,
    checkBackups,
    tidyAfterRuns,
    tellProtection,
    forgetOldRuns,
  ])
    await part().catch(report)
}

/** What the other parts know of VMs is at most as old as this look. */
async function readVms(): Promise<void> {
  await Promise.all(
    [...hosts().values()]
      .filter((host) => host.connection.status.status === 'up')
      .map((host) => host.inventory.vms().catch(() => undefined)),
  )
}

async function forgetOldRuns(): Promise<void> {
  await store()
    .deleteFrom('schedule_runs')
    .where('due_at_ms', '<', nowMs() - RUNS_KEPT_MS)
    .where('outcome', 'not in', ['waiting', 'started'])
    .execute()
}

function report(error: unknown): void {
  process.stderr.write(
    `keyframe: schedules: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
}
