import { route } from '@/lib/access/route'
import { hideNames } from '@/lib/situation/hide-names'
import { readSituation } from '@/lib/situation/read-situation'

/** What the plans of the VM's merges, deletes and reverts rest on, as a file; `?names=hidden`: without names. */
export const GET = route('situation.plan', async (request, { params }) => {
  const situation = await readSituation(params.host ?? '', params.vm ?? '')
  const isHidden = new URL(request.url).searchParams.get('names') === 'hidden'
  return Response.json(isHidden ? hideNames(situation) : situation, {
    headers: {
      'content-disposition': `attachment; filename="keyframe-situation${isHidden ? '-hidden' : ''}.json"`,
      'cache-control': 'no-store',
    },
  })
})
