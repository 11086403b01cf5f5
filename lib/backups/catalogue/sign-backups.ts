import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { requireHost } from '../../hosts/find-vm.ts'
import { UNFINISHED } from '../../jobs/job-rows.ts'
import { store } from '../../store/store.ts'
import { getFile, FolderWriter, withFolder } from '../targets/backup-folder.ts'
import { folderOf } from './catalogue.ts'
import { MANIFEST_FILE, MANIFEST_MAX_BYTES, SIGNATURE_FILE } from './manifest.ts'
import { signingKeyId, signManifest } from './sign-manifest.ts'
import type { Target } from '../targets/targets.ts'

/**
 * Signs the backups of a target that are not signed with the key of now: those of an older Keyframe, those that an admin adopted, and all
 * after `npm run rotate`. The catalogue vouches for them: only a manifest with the very text that it holds is signed. What can't be
 * signed now, for the target is read-only perhaps, is tried at the next look. @returns how many were signed.
 */
export async function signBackups(target: Target): Promise<number> {
  const key = signingKeyId()
  const unsigned = await store()
    .selectFrom('backups')
    .select(['id', 'manifest'])
    .where('target_id', '=', target.id)
    .where((where) => where.or([where('signed_with', 'is', null), where('signed_with', '!=', key)]))
    .execute()
  // A removal that runs must not find a file more than it knows of.
  if (unsigned.length === 0 || (await isInUse(target))) return 0
  let signed = 0
  await requireHost(target.host).connection.operate(async (connect) => {
    for (const { id, manifest } of unsigned) {
      const isDone = await withFolder(connect, folderOf(target, id), async (pool) => {
        if ((await getFile(pool, MANIFEST_FILE, MANIFEST_MAX_BYTES))?.toString('utf8') !== manifest)
          return false
        await new FolderWriter(connect, pool).putFile(SIGNATURE_FILE, Buffer.from(signManifest(manifest)))
        return true
      }).catch((error: unknown) => {
        if (isLibvirtError(error)) return false
        throw error
      })
      if (!isDone) continue
      await store()
        .updateTable('backups')
        .set({ signed_with: key })
        .where('target_id', '=', target.id)
        .where('id', '=', id)
        .where('manifest', '=', manifest)
        .execute()
      signed++
    }
  })
  return signed
}

async function isInUse(target: Target): Promise<boolean> {
  const jobs = await store()
    .selectFrom('jobs')
    .select('input')
    .where('host', '=', target.host)
    .where('kind', '=', 'backup-remove')
    .where('status', 'in', [...UNFINISHED])
    .execute()
  return jobs.some((job) => (JSON.parse(job.input) as { targetId?: string }).targetId === target.id)
}
