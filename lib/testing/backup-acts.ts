import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { HOST, type Keyframe } from './in-process.ts'
import type { Lab } from './lab/lab.ts'
import type { JobView } from '../jobs/types.ts'
import type { Backup } from '../backups/catalogue/catalogue.ts'
import type { BackupInput } from '../backups/start-backup.ts'

const USER = { name: 'tester' }

/** A directory of the lab as a target. */
export async function makeTarget(
  lab: Lab,
  name: string,
  options: { path?: string; quotaBytes?: number | null; host?: string } = {},
) {
  const path = options.path ?? join(lab.dir, name)
  mkdirSync(path, { recursive: true })
  lab.user.own(path)
  const { addTarget } = await import('../backups/targets/add-target.ts')
  return addTarget({ host: options.host ?? HOST, name, place: path, quotaBytes: options.quotaBytes ?? null })
}

/** The acts of backups as a page starts them, for one VM and target. */
export function backupActs(
  keyframe: Keyframe,
  vm: string,
  target: { id: string; path: string },
  host = HOST,
) {
  return {
    async start(input: Partial<BackupInput> = {}) {
      const { startBackup } = await import('../backups/start-backup.ts')
      return startBackup(
        {
          host,
          vm,
          targetId: target.id,
          method: 'incremental',
          disks: null,
          quiesce: 'off',
          bandwidthBytesPerSecond: 0,
          forceFull: false,
          nonce: crypto.randomUUID(),
          ...input,
        },
        USER,
      )
    },
    async backUp(input: Partial<BackupInput> = {}): Promise<JobView> {
      return keyframe.ended(await this.start(input))
    },
    async list(): Promise<Backup[]> {
      const { listBackups } = await import('../backups/catalogue/catalogue.ts')
      return listBackups({ targetId: target.id, vmUuid: vm })
    },
    /** The newest backup; the job that made it must have ended well. */
    async made(input: Partial<BackupInput> = {}): Promise<Backup> {
      const job = await this.backUp(input)
      if (job.status !== 'succeeded')
        throw new Error(`The backup ${job.status}: ${job.error ?? job.result.join(' ')}`)
      return (await this.list()).at(-1)!
    },
    /** Directories of the target. */
    folders: () =>
      readdirSync(target.path, { withFileTypes: true })
        .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
        .sort(),
    file: (backup: { id: string }, name: string) => join(target.path, backup.id, name),
  }
}
