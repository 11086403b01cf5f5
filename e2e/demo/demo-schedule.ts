/**
 * Gives the demo a backup target and puts db on a schedule, so that a newcomer sees protection turn green; web shows why it is not protected.
 * Beside the app that runs, by the same functions as its pages. Arguments: host, name of the VM, directory.
 */
import { addTarget } from '../../lib/backups/targets/add-target.ts'
import { hostByName, stopHosts } from '../../lib/hosts/registry.ts'
import { saveSchedule } from '../../lib/schedules/save-schedule.ts'
import { closeStore, openStoreBeside } from '../../lib/store/store.ts'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'

const EVERY_MINUTES = 3
const HOST_LIMIT_MS = 30_000

const [host = '', name = '', directory = ''] = process.argv.slice(2)
await openStoreBeside()
const vm = await waitUntil(
  async () => (await hostByName(host)!.inventory.vms()).find((each) => each.name === name),
  { limitMs: HOST_LIMIT_MS, what: `The VM ${name}` },
)
const target = await addTarget({ host, name: 'nightly', place: directory, quotaBytes: null })
await saveSchedule(
  {
    id: crypto.randomUUID(),
    exists: false,
    host,
    vmUuid: vm.uuid,
    targetId: target.id,
    method: 'incremental',
    quiesce: 'auto',
    when: { kind: 'interval', minutes: EVERY_MINUTES },
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    retention: { last: 10, daily: 7, weekly: 0, monthly: 0 },
  },
  { name: 'demo' },
)
await stopHosts()
await closeStore()
process.exit(0)
