import { z } from 'zod'
import { route } from '@/lib/access/route'
import { readCreatePlan } from '@/lib/snapshots/read-create-situation'

const ALL_THE_SAME = 'all-the-same'
const Quiesce = z.enum(['auto', 'required', 'off']).catch('auto')

/** What a snapshot of `?disk=…&disk=…` does, with `?quiesce=` and its overlays in `?directory=`; `?transient=all-the-same`: of a transient VM, too. */
export const GET = route('snapshot.plan', async (request, { params }) => {
  const query = new URL(request.url).searchParams
  return readCreatePlan(params.host ?? '', params.vm ?? '', {
    disks: query.getAll('disk'),
    quiesce: Quiesce.parse(query.get('quiesce')),
    overlayDirectory: query.get('directory'),
    transientConfirmed: query.get('transient') === ALL_THE_SAME,
  })
})
