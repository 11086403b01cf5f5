import 'server-only'
import { listBackups, type Backup, type CheckStatus } from './catalogue.ts'
import { chainFault } from './check-backup.ts'

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

/** All backups of one VM in one target, as pages show them, the newest first. */
export async function viewBackups(which: { targetId?: string; host?: string; vmUuid?: string } = {}): Promise<BackupView[]> {
  const backups = await listBackups(which)
  const byKey = new Map(backups.map((backup) => [`${backup.targetId} ${backup.id}`, backup]))
  const parentOf = (backup: Backup) => (backup.parentId === null ? undefined : byKey.get(`${backup.targetId} ${backup.parentId}`))
  const chainOf = (backup: Backup) => {
    const chain = [backup]
    for (let below = parentOf(backup); below && chain.length <= backups.length; below = parentOf(below)) chain.unshift(below)
    return chain
  }
  const chains = new Map(backups.map((backup) => [backup, chainOf(backup)]))
  const aboveOf = (backup: Backup) => backups.filter((each) => each !== backup && chains.get(each)!.includes(backup)).map((each) => each.id).reverse()
  return backups.map((backup) => {
    const chain = chains.get(backup)!
    const { manifest } = backup
    return {
      id: backup.id, targetId: backup.targetId, host: backup.host, vmUuid: backup.vmUuid, vmName: backup.vmName, createdAtMs: backup.createdAtMs, tookMs: backup.tookMs, bytes: backup.bytes,
      kind: backup.kind, method: backup.method, parentId: backup.parentId, above: aboveOf(backup), check: backup.check, checkedAtMs: backup.checkedAtMs, checkNote: backup.checkNote,
      fault: chain[0]!.parentId !== null ? `${chain[0]!.parentId}, on which it rests, is not in the target.` : chainFault(chain), fullReason: manifest.fullReason, consistency: manifest.consistency,
      disks: manifest.disks.map(({ target, virtualBytes }) => ({ target, virtualBytes })), leftOut: manifest.leftOut, notes: manifest.notes,
    }
  }).reverse()
}
