import { route } from '@/lib/access/route'
import { planRevert } from '@/lib/snapshots/plan-revert'

/** What a revert to `?snapshot=` costs. */
export const GET = route('revert.plan', async (request, { params }) => {
  const snapshot = new URL(request.url).searchParams.get('snapshot') ?? ''
  return planRevert(params.host ?? '', params.vm ?? '', snapshot)
})
