import 'server-only'
import { ensureFirstAdmin } from '../access/first-admin.ts'
import { hosts, stopHosts } from '../hosts/registry.ts'
import { watchFreezes } from '../hosts/watch-freezes.ts'
import { HOST_ERRORS } from '../hosts/unreachable.ts'
import { startJobs } from '../jobs/start-jobs.ts'
import { observeMerges } from '../merges/observe-merges.ts'
import { closeStreams } from '../live/hub.ts'
import { settings } from '../settings/settings.ts'
import { closeStore, openStore } from '../store/store.ts'
import { SAGAS } from './sagas.ts'

/** Opens the data, connects the hosts and takes up unfinished jobs. A failure ends the process with a sentence. */
export async function startKeyframe(): Promise<void> {
  try {
    await openStore()
    await ensureFirstAdmin(settings())
    for (const host of hosts().values()) {
      observeMerges(host)
      watchFreezes(host)
    }
    await startJobs(SAGAS, HOST_ERRORS)
  } catch (error) {
    process.stderr.write(`keyframe: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop())
}

/** Next waits for open responses: event streams must end by our hand. Running jobs go on at the next start. */
async function stop(): Promise<void> {
  closeStreams()
  await stopHosts()
  await closeStore()
  process.exit(0)
}
