import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, VIR_ERR_NO_DOMAIN } from 'node-libvirt'
import { isRefusal } from '../../jobs/refusal.ts'
import { DomainCalls } from '../../hosts/described-calls.ts'
import type { Host } from '../../hosts/host.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import { DOMAIN_FILE, MANIFEST_FILE, NVRAM_FILE, SIGNATURE_FILE, SUMS_FILE } from '../catalogue/manifest.ts'
import { checkpointName, deleteCheckpoint, hasCheckpoint } from '../push/own-checkpoints.ts'
import { lookAtPush, runningPush } from '../push/push-backup.ts'
import { leftSentence, removeUnfinishedFiles } from './remove-files.ts'
import type { Target } from '../targets/targets.ts'
import type { BackupJobBase } from '../types.ts'

const ABORT_POLL_MS = 200
const ABORT_LIMIT_MS = 60_000

/** What is begun: the directory of a backup and which of its files the job makes. */
export type Unfinished = Pick<BackupJobBase, 'backupId'> & { disks: readonly { target: string }[] }

/** Everything that a backup's job ever writes, the manifest first: without it there is no backup. */
const namesOf = (unfinished: Unfinished) => [
  MANIFEST_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
  DOMAIN_FILE,
  NVRAM_FILE,
  ...unfinished.disks.map((disk) => `${disk.target}.qcow2`),
]

/** Removes what a backup that was not finished has written. What could not be removed is said, in a sentence; null when nothing is left. */
export async function removeUnfinished(
  host: Host,
  target: Target,
  unfinished: Unfinished,
  call: LogCall,
): Promise<string | null> {
  const { backupId } = unfinished
  const path = posix.join(target.path, backupId)
  try {
    const left = await host.connection.operate((connect) =>
      removeUnfinishedFiles(connect, target, backupId, namesOf(unfinished), call),
    )
    return leftSentence(path, left)
  } catch (error) {
    if (isRefusal(error)) return `What was begun in ${path} was not removed. ${error.message}`
    if (isLibvirtError(error))
      return `What was begun in ${path} could not be removed: ${error.message}. It has no ${MANIFEST_FILE}, so it passes for no backup; remove the directory by hand.`
    throw error
  }
}

/**
 * Takes a push back at any point: ends the job, and lets its checkpoint go with it, for a next increment from there would leave out
 * what this one did not write (libvirt keeps it, measured).
 */
export async function takePushBack(
  host: Host,
  uuid: string,
  target: Target,
  unfinished: Unfinished,
  call: LogCall,
): Promise<string | null> {
  const { backupId } = unfinished
  const folder = posix.join(target.path, backupId)
  await host.connection.operate(async (connect) => {
    try {
      const domain = await connect.domainLookupByUUID(uuid)
      if (await runningPush(domain, folder)) {
        await call(new DomainCalls(host.connection.uri, domain).abortJob()).catch(async (error: unknown) => {
          // A small one ends by itself between the question and the abort.
          if (!isLibvirtError(error) || (await runningPush(domain, folder))) throw error
        })
        for (
          const endMs = Date.now() + ABORT_LIMIT_MS;
          Date.now() < endMs && (await lookAtPush(domain, folder)).state === 'runs';
        )
          await new Promise((resolve) => setTimeout(resolve, ABORT_POLL_MS))
      }
      if (await hasCheckpoint(domain, checkpointName(backupId)))
        await deleteCheckpoint(host, domain, checkpointName(backupId), call)
    } catch (error) {
      if (!isLibvirtError(error, VIR_ERR_NO_DOMAIN)) throw error
    }
  })
  return removeUnfinished(host, target, unfinished, call)
}
