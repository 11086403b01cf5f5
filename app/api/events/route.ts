import { hears } from '@/lib/access/hears'
import { route } from '@/lib/access/route'
import { readSession } from '@/lib/access/sessions'
import { eventStream, type OpenStream } from '@/lib/live/event-stream'
import { watch } from '@/lib/live/hub'
import { takeSessionPlace } from '@/lib/live/stream-places'

export const dynamic = 'force-dynamic'

const WATCHES_MAXIMUM = 50
const UNREAD_MAXIMUM = 1_000

/** The one stream of changes. `?watch=<host>/<vm uuid>` for each open VM page; `Last-Event-ID` or `since` to resume. */
export const GET = route('live.read', async (request, { session }) => {
  let user = session.user
  let opened: OpenStream | undefined
  const leave = takeSessionPlace(session.id, () => opened?.end())
  if (!leave)
    return new Response(null, { status: 503, headers: { 'retry-after': '30', 'cache-control': 'no-store' } })
  /** Looks the session up anew: one that has ended closes the stream, with a word to the browser. */
  const lookAgain = (stream: OpenStream, then: () => void) => {
    readSession(session.id).then(
      (now) => {
        if (!now) return stream.end({ type: 'signed-out' })
        user = now
        then()
      },
      () => stream.end(),
    )
  }
  return eventStream(request, {
    unreadMaximum: UNREAD_MAXIMUM,
    onOpen(stream) {
      opened = stream
    },
    onEvent(stream, { id, event }) {
      if (!hears(user, event)) return
      // The pages of this user may show more or less now, or other sessions.
      if (event.type === 'access') lookAgain(stream, () => stream.send({ type: 'reload' }, id))
      else stream.send(event, id)
    },
    // A session may have run out, or been revoked by a command.
    onHeartbeat: (stream) => lookAgain(stream, stream.keepAlive),
    onEnd: [
      leave,
      ...new URL(request.url).searchParams
        .getAll('watch')
        .slice(0, WATCHES_MAXIMUM)
        .flatMap((each) => {
          const slash = each.lastIndexOf('/')
          return slash > 0 ? [watch(each.slice(0, slash), each.slice(slash + 1))] : []
        }),
    ],
  })
})

/** Next would open a stream for it, which nobody reads and which holds a place. */
export const HEAD = route(
  'live.read',
  async () => new Response(null, { headers: { 'content-type': 'text/event-stream' } }),
)
