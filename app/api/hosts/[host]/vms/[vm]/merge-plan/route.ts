import { route } from '@/lib/access/route'
import { readMergePlans } from '@/lib/merges/read-merge-plans'

/** Merges of one disk (`?target=`) or all, from `?top=` down to `?base=`, in both directions. */
export const GET = route('merge.plan', async (request, { params }) => {
  const query = new URL(request.url).searchParams
  const given = (key: string) => query.get(key) ?? undefined
  const range = {
    target: given('target'),
    topPath: given('top'),
    basePath: given('base'),
    removeTemplates: query.get('removeTemplates') === 'yes',
  }
  return readMergePlans(params.host ?? '', params.vm ?? '', range)
})
