import { route } from '@/lib/access/route'
import { readDeletePlan } from '@/lib/snapshots/read-plans'

/** What deleting `?snapshot=` merges and removes; with `?children=1` its descendants, too. */
export const GET = route('delete.plan', async (request, { params }) => {
  const query = new URL(request.url).searchParams
  return readDeletePlan(
    params.host ?? '',
    params.vm ?? '',
    query.get('snapshot') ?? '',
    query.get('children') === '1',
  )
})
