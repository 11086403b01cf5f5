import { route } from '@/lib/access/route'
import { SubjectInput } from '@/lib/shares/create-share'
import { listShares } from '@/lib/shares/list-shares'

/** The links to one thing: `?kind=vm&host=…&vm=…`, `?kind=snapshot&host=…&vm=…&snapshot=…`, `?kind=job&jobId=…`. */
export const GET = route('share.list', async (request) => {
  const subject = SubjectInput.safeParse(Object.fromEntries(new URL(request.url).searchParams))
  return subject.success
    ? listShares(subject.data)
    : Response.json({ message: 'There is nothing of this kind to share.' }, { status: 400 })
})
