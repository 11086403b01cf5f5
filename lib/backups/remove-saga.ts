import 'server-only'
import { requireHost } from '../hosts/find-vm.ts'
import { virshCommand } from '../hosts/virsh-command.ts'
import { isLibvirtError } from 'node-libvirt'
import { Refusal } from '../jobs/refusal.ts'
import type { Saga } from '../jobs/saga.ts'
import { findVolume, removeFolder, withFolder } from './backup-folder.ts'
import { folderOf, forgetBackup } from './catalogue.ts'
import { freeBytesOf } from './look-at-target.ts'
import { MANIFEST_FILE } from './manifest.ts'
import { requireTarget } from './targets.ts'

export interface RemoveJob {
  host: string
  targetId: string
  /** Increments before what they rest on. */
  backupIds: string[]
}

/**
 * Remove backups, increments before what they rest on. Per backup:
 * | step   | do                                                                                  | done when                |
 * | remove | delete manifest.json first, which ends it as a backup, then its files and directory | its directory is not there |
 * | forget | take it out of the catalogue                                                        | (own record)             |
 * There is no undo; going on removes the rest. The VM is left alone.
 */
export const removeSaga: Saga<RemoveJob> = {
  kind: 'backup-remove',
  version: '1',
  apart: true,
  async run(context) {
    const { input, step } = context
    const host = requireHost(input.host)
    const target = await requireTarget(input.targetId)
    for (const [index, id] of input.backupIds.entries()) {
      await context.progress(Math.floor((index / input.backupIds.length) * 100), `Removing ${id}`)
      await step(`remove ${id}`, {
        isDone: async () => {
          // Another disk mounted there has none of them, and says nothing.
          await freeBytesOf(host, target)
          return (await host.connection.operate((connect) => withFolder(connect, target.path, (pool) => findVolume(pool, id)))) === null ? true : null
        },
        do: async (call) => {
          await host.connection.operate((connect) => call({ procedure: 'virStorageVolDelete', virsh: virshCommand(host.connection.uri, 'vol-delete', '--vol', folderOf(target, id)) }, () => removeFolder(connect, target.path, id, MANIFEST_FILE)))
            .catch((error: unknown) => { throw isLibvirtError(error) ? new Refusal(`${id} could not be removed whole: ${error.message}. Without its ${MANIFEST_FILE} it is no backup any more; retry when the reason is mended.`) : error })
          return true
        },
      })
      await step(`forget ${id}`, { do: async () => { await forgetBackup(target.id, id); return true } })
    }
    return [`Removed: ${input.backupIds.join(', ')}.`]
  },
}
