import type * as backups from '@/app/backups/actions'
import type { VmActs } from '@/components/vm/vm-acts'

/** The server actions of the backup pages, handed down by the page. */
export type BackupActs = typeof backups & {
  /** For the jobs that these become. */
  vm: VmActs
}
