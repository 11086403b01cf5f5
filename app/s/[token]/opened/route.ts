import { countOpening } from '@/lib/shares/count-opening'
import { openShare } from '@/lib/shares/open-share'

/** The page of a share says that a person looks at it: by its script, or, without one, by an image. What unfurls a link in a chat does neither. */
async function opened(_request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  const share = await openShare((await params).token)
  if (!share?.unlocked) return new Response(null, { status: 404 })
  await countOpening(share.share.id)
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
}

export const GET = opened
export const POST = opened
