import 'server-only'
import { requireHost } from '../../hosts/find-vm.ts'
import { isLibvirtError } from 'node-libvirt'
import { isRefusal, Refusal } from '../../jobs/refusal.ts'
import type { Saga } from '../../jobs/saga.ts'
import { findVolume, withFolder } from '../targets/backup-folder.ts'
import { findBackup, folderOf, forgetBackup, noteCheck } from '../catalogue/catalogue.ts'
import { freeBytesOf } from '../targets/look-at-target.ts'
import { leftSentence, removeBackupFiles, type LeftBehind } from './remove-files.ts'
import { requireTarget } from '../targets/targets.ts'

export interface RemoveJob {
  host: string
  targetId: string
  /** Increments before what they rest on. */
  backupIds: string[]
}

/**
 * Remove backups, increments before what they rest on. Per backup:
 * | step   | do                                                                                     | done when                  |
 * | begin  | note in the catalogue that it counts no more                                           | (own record)               |
 * | remove | delete the files that its manifest lists, the manifest last, then the directory        | its directory is not there |
 * | forget | take it out of the catalogue                                                           | (own record)               |
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
    const stays: string[] = []
    const refused: string[] = []
    for (const [index, id] of input.backupIds.entries()) {
      await context.progress(Math.floor((index / input.backupIds.length) * 100), `Removing ${id}`)
      const backup = await findBackup(target.id, id)
      await step(`begin to remove ${id}`, {
        do: async () => {
          await freeBytesOf(host, target)
          await noteCheck(target.id, id, 'damaged', 'Its removal was begun.')
          return true
        },
      })
      const removed = await step<{ left: LeftBehind[]; refused: string | null }>(`remove ${id}`, {
        isDone: async () => {
          // Another disk mounted there has none of them, and says nothing.
          await freeBytesOf(host, target)
          return (await host.connection.operate((connect) =>
            withFolder(connect, target.path, (pool) => findVolume(pool, id)),
          )) === null
            ? { left: [], refused: null }
            : null
        },
        do: async (call) => {
          if (!backup) return { left: [], refused: null }
          const left = await host.connection
            .operate((connect) => removeBackupFiles(connect, target, backup.manifest, call))
            .catch((error: unknown) => {
              // It is no backup any more, whatever it is: those after it are removed all the same.
              if (isRefusal(error)) return error.message
              throw isLibvirtError(error)
                ? new Refusal(
                    `${id} could not be removed whole: ${error.message}. It does not count as a backup any more; retry when the cause is gone.`,
                  )
                : error
            })
          return typeof left === 'string' ? { left: [], refused: left } : { left, refused: null }
        },
      })
      const sentence = leftSentence(folderOf(target, id), removed.left)
      if (sentence !== null) stays.push(sentence)
      if (removed.refused !== null) refused.push(removed.refused)
      await step(`forget ${id}`, {
        do: async () => {
          await forgetBackup(target.id, id)
          return true
        },
      })
    }
    if (refused.length > 0)
      throw new Refusal(
        `${refused.join(' ')} The list no longer shows ${refused.length === 1 ? 'it' : 'them'}; a rescan finds what comes back.`,
      )
    return [`Removed: ${input.backupIds.join(', ')}.`, ...stays]
  },
}
