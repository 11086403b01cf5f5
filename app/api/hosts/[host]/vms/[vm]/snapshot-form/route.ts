import { route } from '@/lib/access/route'
import { snapshotForm } from '@/lib/snapshots/snapshot-form'

/** What the dialog for a new snapshot offers. */
export const GET = route('snapshot.plan', async (_request, { params }) =>
  snapshotForm(params.host ?? '', params.vm ?? ''),
)
