import { route } from '@/lib/access/route'
import { backupForm } from '@/lib/backups/backup-form'

/** What the dialog for a backup offers. */
export const GET = route('backup.plan', async (_request, { params }) =>
  backupForm(params.host ?? '', params.vm ?? ''),
)
