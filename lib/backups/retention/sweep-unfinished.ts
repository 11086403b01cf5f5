import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import type { Host } from '../../hosts/host.ts'
import { store } from '../../store/store.ts'
import { findVolume, withFolder } from '../targets/backup-folder.ts'
import { folderOf } from '../catalogue/catalogue.ts'
import { MANIFEST_FILE } from '../catalogue/manifest.ts'
import { removeUnfinished, type Unfinished } from './take-back.ts'
import type { Target } from '../targets/targets.ts'
import type { LogCall } from '../../jobs/step-log.ts'

/** Failed backups are looked after for so long back. */
const JOBS_MAXIMUM = 200

/**
 * Removes what backups that failed could not remove themselves, because their target was read-only or away: directories named by an ended job
 * of this Keyframe that have no manifest. @returns what stays, a sentence each.
 */
export async function sweepUnfinished(host: Host, target: Target, call: LogCall): Promise<string[]> {
  const ended = await store()
    .selectFrom('jobs')
    .select('input')
    .where('host', '=', host.name)
    .where('kind', 'in', ['backup', 'backup-copy'])
    .where('status', 'in', ['failed', 'cancelled'])
    .orderBy('created_at_ms', 'desc')
    .limit(JOBS_MAXIMUM)
    .execute()
  const begun = ended
    .map((job) => JSON.parse(job.input) as Unfinished & { targetId: string })
    .filter((input) => input.targetId === target.id)
  const left = await host.connection.operate((connect) =>
    withFolder(connect, target.path, async (pool) => {
      const found = await Promise.all(
        begun.map(async (each) => ((await findVolume(pool, each.backupId)) === null ? [] : [each])),
      )
      return found.flat()
    }),
  )
  const stays: string[] = []
  for (const unfinished of left) {
    const id = unfinished.backupId
    const isBackup = await host.connection
      .operate((connect) =>
        withFolder(
          connect,
          folderOf(target, id),
          async (pool) => (await findVolume(pool, MANIFEST_FILE)) !== null,
        ),
      )
      .catch((error: unknown) => {
        if (isLibvirtError(error)) return true
        throw error
      })
    const sentence = isBackup ? null : await removeUnfinished(host, target, unfinished, call)
    if (sentence !== null) stays.push(sentence)
  }
  return stays
}
