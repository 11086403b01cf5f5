import { route } from '@/lib/access/route'
import { restorePlaces } from '@/lib/backups/restore/restore-places'
import { requireHost } from '@/lib/hosts/find-vm'

/** Directories that restored disks may go to. */
export const GET = route('backup.plan', async (_request, { params }) =>
  restorePlaces(requireHost(params.host ?? '')),
)
