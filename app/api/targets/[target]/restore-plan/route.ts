import { route } from '@/lib/access/route'
import { planRestore } from '@/lib/backups/restore/plan-restore'

/** What a restored VM does not take over as it was: `?backup=…`. */
export const GET = route('backup.plan', async (request, { params }) =>
  planRestore(params.target ?? '', new URL(request.url).searchParams.get('backup') ?? ''),
)
