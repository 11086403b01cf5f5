import 'server-only'
import { ensureFirstAdmin } from '../access/first-admin.ts'
import { endRefusals } from '../access/audit-refused.ts'
import { makeDecoy } from '../access/password.ts'
import { markPeers } from '../access/peer-address.ts'
import { nameVmsBy } from '../access/vm-names.ts'
import { hostByName, stopHosts } from '../hosts/registry.ts'
import { closeStreams } from '../live/hub.ts'
import { stopNotifications } from '../notifications/start-notifications.ts'
import { settings } from '../settings/settings.ts'
import { stopSchedules } from '../schedules/start-schedules.ts'
import { closeStore, openStore } from '../store/store.ts'
import { startOperations } from './start-operations.ts'

/** Opens the data, connects the hosts and takes up unfinished jobs. A failure ends the process with a sentence. */
export async function startKeyframe(): Promise<void> {
  markPeers()
  nameVmsBy(
    (host, vmUuid) => hostByName(host)?.inventory.lastKnown.find((vm) => vm.uuid === vmUuid)?.name ?? null,
  )
  try {
    await openStore()
    await ensureFirstAdmin(settings())
    await makeDecoy()
    await startOperations()
  } catch (error) {
    process.stderr.write(`keyframe: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop())
}

/** Next waits for open responses: event streams must end by our hand. Running jobs go on at the next start. */
async function stop(): Promise<void> {
  closeStreams()
  await stopNotifications()
  await stopSchedules()
  await stopHosts()
  await endRefusals().catch(() => undefined)
  await closeStore()
  process.exit(0)
}
