import { route } from '@/lib/access/route'
import { readRevertPlan } from '@/lib/snapshots/read-plans'

/** What a revert to `?snapshot=` costs. */
export const GET = route('revert.plan', async (request, { params }) => {
  const snapshot = new URL(request.url).searchParams.get('snapshot') ?? ''
  return readRevertPlan(params.host ?? '', params.vm ?? '', snapshot)
})
