import { eventStream, type OpenStream } from '@/lib/live/event-stream'
import { watch } from '@/lib/live/hub'
import { changesOf } from '@/lib/shares/changes'
import { isWorking } from '@/lib/shares/find-share'
import { openShare } from '@/lib/shares/open-share'
import { takeStream } from '@/lib/shares/streams'
import type { ShareEvent } from '@/lib/shares/types'

export const dynamic = 'force-dynamic'

const UNREAD_MAXIMUM = 200
/** A timer of Node holds no more. */
const TIMER_MAXIMUM_MS = 2 ** 31 - 1

/**
 * The event stream of a share, and of nothing else: that its page is to be read again, and numbers of its jobs. It ends
 * with the share. Public by nature: the token is the permission, and the password's cookie where there is one.
 */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ token: string }> },
): Promise<Response> {
  const opened = await openShare((await params).token)
  if (!opened) return new Response(null, { status: 404 })
  if (!opened.unlocked) return new Response(null, { status: 401 })
  const { share } = opened
  const leave = takeStream(share.id)
  if (!leave) return new Response(null, { status: 503, headers: { 'retry-after': '30' } })
  const meaningOf = changesOf(share)
  let expiry: NodeJS.Timeout | undefined
  const lookAgain = (stream: OpenStream) => {
    isWorking(share.id).then(
      (working) => {
        if (!working) stream.end({ type: 'ended' } satisfies ShareEvent)
      },
      () => stream.end(),
    )
  }
  return eventStream(request, {
    unreadMaximum: UNREAD_MAXIMUM,
    onEvent(stream, { id, event }) {
      if (event.type === 'share' && event.shareId === share.id) return lookAgain(stream)
      const meaning = meaningOf(event)
      if (meaning) stream.send(meaning, id)
    },
    onHeartbeat(stream) {
      stream.keepAlive()
      lookAgain(stream)
    },
    onOpen(stream) {
      expiry = setTimeout(
        () => lookAgain(stream),
        Math.min(TIMER_MAXIMUM_MS, Math.max(0, share.expiresAtMs - Date.now()) + 1),
      )
      // It may have ended between the first look and here.
      lookAgain(stream)
    },
    onEnd: [
      leave,
      () => clearTimeout(expiry),
      ...(share.vmUuid === '' ? [] : [watch(share.host, share.vmUuid)]),
    ],
  })
}

/** Next would open a stream for it, which nobody reads and which holds a place. */
export const HEAD = (): Response =>
  new Response(null, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } })
