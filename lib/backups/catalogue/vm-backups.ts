import 'server-only'
import { listBackups, type Backup, type CheckStatus } from './catalogue.ts'
import { walkDown, type Chain } from './chain-of.ts'
import { chainFault } from '../check/check-backup.ts'

/** A backup as pages show it: plain data. Instants in epoch ms. */
export interface BackupView {
  id: string
  targetId: string
  host: string
  vmUuid: string
  vmName: string
  createdAtMs: number
  tookMs: number
  bytes: number
  kind: 'full' | 'increment'
  method: 'checkpoint' | 'copy'
  parentId: string | null
  /** Ids of the increments that rest on it, near and far, the newest first: they go with it. */
  above: string[]
  check: CheckStatus
  checkedAtMs: number | null
  checkNote: string | null
  /** Why it can't be restored, as far as is known; null = nothing speaks against it. */
  fault: string | null
  /** Why it is a full where an increment was possible; null when nothing is to be said. */
  fullReason: string | null
  consistency: string
  disks: { target: string; virtualBytes: number }[]
  leftOut: { target: string; reason: string }[]
  notes: string[]
}

const brokenSentence = ({ why, id }: NonNullable<Chain<Backup>['broken']>): string =>
  why === 'circle'
    ? 'It rests on itself, by way of others.'
    : `${id}, on which it rests, is not in the target.`

/** The backups of a VM as pages show them, the newest first. */
export async function viewBackups(
  which: { targetId?: string; host?: string; vmUuid?: string } = {},
): Promise<BackupView[]> {
  const backups = await listBackups(which)
  const keyOf = (backup: Backup, id = backup.id) => `${backup.targetId} ${id}`
  const byKey = new Map(backups.map((backup) => [keyOf(backup), backup]))
  const walks = new Map(
    backups.map((backup) => [backup, walkDown(backup, (id) => byKey.get(keyOf(backup, id)))]),
  )
  const above = new Map<string, string[]>(backups.map((backup) => [keyOf(backup), []]))
  for (const backup of backups)
    for (const below of walks.get(backup)!.links.slice(1)) above.get(keyOf(below))!.unshift(backup.id)
  return backups
    .map((backup) => {
      const { links, broken } = walks.get(backup)!
      const { manifest } = backup
      return {
        id: backup.id,
        targetId: backup.targetId,
        host: backup.host,
        vmUuid: backup.vmUuid,
        vmName: backup.vmName,
        createdAtMs: backup.createdAtMs,
        tookMs: backup.tookMs,
        bytes: backup.bytes,
        kind: backup.kind,
        method: backup.method,
        parentId: backup.parentId,
        above: above.get(keyOf(backup))!,
        check: backup.check,
        checkedAtMs: backup.checkedAtMs,
        checkNote: backup.checkNote,
        fault: broken === null ? chainFault(links.toReversed()) : brokenSentence(broken),
        fullReason: manifest.fullReason,
        consistency: manifest.consistency,
        disks: manifest.disks.map(({ target, virtualBytes }) => ({ target, virtualBytes })),
        leftOut: manifest.leftOut,
        notes: manifest.notes,
      }
    })
    .reverse()
}
