/**
 * A Keyframe for tests that kill it in the middle of a backup (lib/backups/crash.integ.test.ts). Prints one line of JSON: the job it
 * ended with. Arguments: data directory, URI, the target's path, "take-up", or JSON of the backup's input and "step@at" of the boundary
 * at which it is killed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { addTarget } from '../backups/targets/add-target.ts'
import { startBackup, type BackupInput } from '../backups/start-backup.ts'
import { listTargets } from '../backups/targets/targets.ts'
import { onBoundary } from '../jobs/boundaries.ts'
import { readJob } from '../jobs/read-jobs.ts'
import { startOperations } from '../start/start-operations.ts'
import { openStore, store } from '../store/store.ts'

const [dataDirectory = '', uri = '', targetPath = '', input = '', boundary] = process.argv.slice(2)
Object.assign(process.env, { LIBVIRT_URI: `lab=${uri.replaceAll(',', '%2C')}`, KEYFRAME_DATA: dataDirectory })
await openStore()
if (boundary !== undefined)
  onBoundary(async ({ step, at }) => {
    if (`${step}@${at}` === boundary) process.kill(process.pid, 'SIGKILL')
  })
await startOperations(null)
if (input !== 'take-up') {
  const target =
    (await listTargets('lab'))[0] ??
    (await addTarget({ host: 'lab', name: 'nightly', place: targetPath, quotaBytes: null }))
  await startBackup({ ...(JSON.parse(input) as BackupInput), targetId: target.id }, { name: 'tester' })
}
const { id } = await store()
  .selectFrom('jobs')
  .select('id')
  .orderBy('created_at_ms', 'desc')
  .executeTakeFirstOrThrow()
for (;;) {
  const job = await readJob(id)
  if (job !== null && job.endedAtMs !== null) {
    const backups = await store()
      .selectFrom('backups')
      .select(['id', 'kind', 'parent_id'])
      .orderBy('created_at_ms')
      .execute()
    process.stdout.write(
      `${JSON.stringify({ status: job.status, error: job.error, result: job.result, backups })}\n`,
    )
    process.exit(0)
  }
  await sleep(100)
}
