import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, VIR_ERR_NO_DOMAIN } from 'node-libvirt'
import type { Host } from '../hosts/host.ts'
import { virshCommand } from '../hosts/virsh-command.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { removeFolder } from './backup-folder.ts'
import { MANIFEST_FILE } from './manifest.ts'
import { checkpointName, deleteCheckpoint, hasCheckpoint } from './own-checkpoints.ts'
import { lookAtPush, runningPush } from './push-backup.ts'
import type { Target } from './targets.ts'

const ABORT_POLL_MS = 200
const ABORT_LIMIT_MS = 60_000

/** Removes the directory of a backup that was not finished. What could not be removed is said, in a sentence; null when nothing is left. */
export async function removeUnfinished(host: Host, target: Target, backupId: string, call: LogCall): Promise<string | null> {
  const path = posix.join(target.path, backupId)
  try {
    await host.connection.operate((connect) => call({ procedure: 'virStorageVolDelete', virsh: virshCommand(host.connection.uri, 'vol-delete', '--vol', path) }, () => removeFolder(connect, target.path, backupId, MANIFEST_FILE)))
    return null
  } catch (error) {
    if (isLibvirtError(error)) return `What was begun in ${path} could not be removed: ${error.message}. It has no ${MANIFEST_FILE}, so it passes for no backup; remove the directory by hand.`
    throw error
  }
}

/**
 * Takes a push back at any point: ends the job, and lets its checkpoint go with it, for a next increment from there would leave out
 * what this one did not write (libvirt keeps it, measured).
 */
export async function takePushBack(host: Host, uuid: string, target: Target, backupId: string, call: LogCall): Promise<string | null> {
  const folder = posix.join(target.path, backupId)
  await host.connection.operate(async (connect) => {
    try {
      const domain = await connect.domainLookupByUUID(uuid)
      if (await runningPush(domain, folder)) {
        await call({ procedure: 'virDomainAbortJob', virsh: virshCommand(host.connection.uri, 'domjobabort', '--domain', domain.name) }, () => domain.abortJob()).catch(async (error: unknown) => {
          // A small one ends by itself between the question and the abort.
          if (!isLibvirtError(error) || (await runningPush(domain, folder))) throw error
        })
        for (const endMs = Date.now() + ABORT_LIMIT_MS; Date.now() < endMs && (await lookAtPush(domain, folder)).state === 'runs'; ) await new Promise((resolve) => setTimeout(resolve, ABORT_POLL_MS))
      }
      if (await hasCheckpoint(domain, checkpointName(backupId))) await deleteCheckpoint(host, domain, checkpointName(backupId), call)
    } catch (error) {
      if (!isLibvirtError(error, VIR_ERR_NO_DOMAIN)) throw error
    }
  })
  return removeUnfinished(host, target, backupId, call)
}
