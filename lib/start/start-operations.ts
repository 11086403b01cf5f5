import 'server-only'
import { hosts } from '../hosts/registry.ts'
import { HOST_ERRORS } from '../hosts/unreachable.ts'
import { watchFreezes } from '../hosts/watch-freezes.ts'
import { startJobs } from '../jobs/start-jobs.ts'
import { observeMerges } from '../merges/observe-merges.ts'
import { startNotifications } from '../notifications/start-notifications.ts'
import type { Clock } from '../schedules/clock.ts'
import { rememberUses } from '../storage/file-users.ts'
import { rememberLayers } from '../storage/own-layers.ts'
import { startSchedules } from '../schedules/start-schedules.ts'
import { SAGAS } from './sagas.ts'

/**
 * Connects the hosts, watches what happens there, takes up unfinished jobs and runs the schedules: all of Keyframe but its web server.
 * `clock` is what the schedules and notifications go by; null leaves them alone, with the checks that are begun by themselves.
 */
export async function startOperations(clock: Clock | null = { now: Date.now }): Promise<void> {
  for (const host of hosts().values()) {
    observeMerges(host)
    watchFreezes(host)
    rememberLayers(host)
    rememberUses(host)
  }
  await startJobs(SAGAS, HOST_ERRORS)
  if (!clock) return
  startSchedules(clock)
  startNotifications()
}
