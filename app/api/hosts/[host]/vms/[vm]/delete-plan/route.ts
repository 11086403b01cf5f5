import { route } from '@/lib/access/route'
import { planDelete } from '@/lib/snapshots/plan-delete'

/** What deleting `?snapshot=` merges and removes; with `?children=1` its descendants, too. */
export const GET = route('delete.plan', async (request, { params }) => {
  const query = new URL(request.url).searchParams
  return planDelete(
    params.host ?? '',
    params.vm ?? '',
    query.get('snapshot') ?? '',
    query.get('children') === '1',
  )
})
