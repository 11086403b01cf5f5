import 'server-only'
import { hosts } from '../hosts/registry.ts'
import { HOST_ERRORS } from '../hosts/unreachable.ts'
import { watchFreezes } from '../hosts/watch-freezes.ts'
import { startJobs } from '../jobs/start-jobs.ts'
import { observeMerges } from '../merges/observe-merges.ts'
import { SAGAS } from './sagas.ts'

/** Connects the hosts, watches what happens there, and takes up unfinished jobs: all of Keyframe but its web server. */
export async function startOperations(): Promise<void> {
  for (const host of hosts().values()) {
    observeMerges(host)
    watchFreezes(host)
  }
  await startJobs(SAGAS, HOST_ERRORS)
}
