import type { JobKind } from '../jobs/types.ts'

/** Jobs that make or check the backups of a VM: what a link to its backups shows under way. */
export const BACKUP_KINDS: ReadonlySet<JobKind> = new Set<JobKind>(['backup', 'backup-copy', 'backup-check'])
