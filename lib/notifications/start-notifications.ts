import 'server-only'
import { subscribe } from '../live/hub.ts'
import { nowMs } from '../schedules/clock.ts'
import { oneLookAtATime } from '../schedules/one-look-at-a-time.ts'
import { onProtectionChange } from '../schedules/watch-protection.ts'
import { perProcess } from '../server/per-process.ts'
import { channelRows } from './channels.ts'
import { collectDigests, digestDue } from './collect-digests.ts'
import { collectJobs } from './collect-jobs.ts'
import { collectProtection } from './collect-protection.ts'
import { Delivery } from './deliver.ts'
import { forgetOldMessages, nextAttemptAtMs } from './outbox.ts'
import { setWake } from './wake.ts'

/** The longest between two looks: the machine's clock may jump. */
const LOOK_MAXIMUM_MS = 60_000
const LOOK_MINIMUM_MS = 50
/** What happens together is told together: a target that goes away changes the protection of all its VMs, one after the other. */
const GATHER_MS = 1_500

interface Running {
  end(): Promise<void>
  look(): Promise<void>
}
const shared = perProcess<{ running?: Running }>('notifications/start-notifications', () => ({}))

/**
 * Begins to tell, after `startSchedules`, by its clock: one timer to what is due next, a minute at most. What happened while Keyframe did
 * not run is told at the first look. Jobs and schedules only wake it: nothing of theirs waits for what is done here.
 */
export function startNotifications(): void {
  const startedMs = performance.now()
  const delivery = new Delivery(report)
  let timer: NodeJS.Timeout | null = null
  let timerAtMs = Infinity
  /** Looks in so many ms at the latest. */
  const lookWithin = (waitMs: number) => {
    if (looks.ended || performance.now() + waitMs >= timerAtMs) return
    if (timer) clearTimeout(timer)
    timerAtMs = performance.now() + waitMs
    timer = setTimeout(() => void looks.look(), waitMs)
    timer.unref()
  }
  const lookOnce = async () => {
    if (timer) clearTimeout(timer)
    timerAtMs = Infinity
    // Each part stands for itself: one that fails must not keep the others from their turn.
    for (const part of [
      () => collectProtection(nowMs()),
      () => collectJobs(nowMs()),
      () => collectDigests(nowMs(), performance.now() - startedMs),
      () => forgetOldMessages(nowMs()),
      () => delivery.begin(),
    ])
      if (!looks.ended) await part().catch(report)
  }
  const arm = async () => {
    const dueAtMs = [await nextAttemptAtMs(), ...(await channelRows()).map(digestDue)].filter(
      (at) => at !== null,
    )
    // What is due and not done waits for its channel, or for a host: neither becomes sooner by looking.
    lookWithin(
      Math.min(
        LOOK_MAXIMUM_MS,
        ...dueAtMs.filter((at) => at > nowMs()).map((at) => Math.max(LOOK_MINIMUM_MS, at - nowMs())),
        ...(dueAtMs.some((at) => at <= nowMs()) ? [GATHER_MS] : []),
      ),
    )
  }
  const looks = oneLookAtATime(lookOnce, () => arm().catch(report))
  const soon = () => lookWithin(GATHER_MS)
  setWake(() => lookWithin(0))
  const silence = onProtectionChange(soon)
  const { end } = subscribe(null, ({ event }) => {
    if (event.type === 'job' && (event.job.endedAtMs !== null || event.job.status === 'waiting')) soon()
  })
  shared.running = {
    async look() {
      await looks.look()
      await delivery.settled()
    },
    async end() {
      const over = looks.end()
      silence()
      end()
      setWake(null)
      if (timer) clearTimeout(timer)
      await over
      await delivery.end()
    },
  }
  lookWithin(GATHER_MS)
}

/** Ends it; messages that are being sent are sent again at the next start. */
export async function stopNotifications(): Promise<void> {
  const running = shared.running
  delete shared.running
  await running?.end()
}

/** Looks now, for tests that set the clock. Resolves when what is due was attempted. */
export async function lookAtNotifications(): Promise<void> {
  await shared.running?.look()
}

function report(error: unknown): void {
  process.stderr.write(
    `keyframe: notifications: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
}
