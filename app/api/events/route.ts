import { hears } from '@/lib/access/hears'
import { route } from '@/lib/access/route'
import { readSession } from '@/lib/access/sessions'
import { newestId, onShutdown, subscribe, watch, type NumberedEvent } from '@/lib/live/hub'

export const dynamic = 'force-dynamic'

/** A comment this often keeps proxies from closing the stream, and lets a session end it that ran out or was revoked by a command. */
const HEARTBEAT_MS = 15_000
const WATCHES_MAXIMUM = 50
/** Unread events of a browser that sleeps; past this its stream ends, and it resumes by its last id or reloads. */
const UNREAD_MAXIMUM = 1_000

/** The one stream of changes. `?watch=<host>/<vm uuid>` for each open VM page; `Last-Event-ID` or `since` to resume. */
export const GET = route('live.read', async (request, { session }) => {
  const url = new URL(request.url)
  const since = request.headers.get('last-event-id') ?? url.searchParams.get('since')
  let user = session.user
  const ends: (() => void)[] = []
  const close = () => { for (const end of ends.splice(0)) end() }
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      const encoder = new TextEncoder()
      const write = (text: string) => {
        if ((controller.desiredSize ?? 0) < -UNREAD_MAXIMUM) { close(); return }
        try { controller.enqueue(encoder.encode(text)) } catch { close() }
      }
      const send = ({ id, event }: NumberedEvent) => write(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`)
      /** Looks the session up anew: one that has ended closes the stream, with a word to the browser. */
      const lookAgain = (then: () => void) => {
        readSession(session.id).then((now) => {
          if (now) { user = now; then(); return }
          send({ id: newestId(), event: { type: 'signed-out' } })
          close()
        }, close)
      }
      const handOn = (numbered: NumberedEvent) => {
        if (!hears(user, numbered.event)) return
        // The pages of this user may show more or less now, or other sessions.
        if (numbered.event.type === 'access') lookAgain(() => send({ id: numbered.id, event: { type: 'reload' } }))
        else send(numbered)
      }
      const subscription = subscribe(since, handOn)
      write(`retry: 1000\nid: ${since === null ? newestId() : since}\nevent: hello\ndata: {}\n\n`)
      for (const missed of subscription.missed) handOn(missed)
      const heartbeat = setInterval(() => lookAgain(() => write(': alive\n\n')), HEARTBEAT_MS)
      ends.push(
        () => subscription.end(),
        () => clearInterval(heartbeat),
        onShutdown(close),
        ...url.searchParams.getAll('watch').slice(0, WATCHES_MAXIMUM).flatMap((each) => {
          const slash = each.lastIndexOf('/')
          return slash > 0 ? [watch(each.slice(0, slash), each.slice(slash + 1))] : []
        }),
        () => { try { controller.close() } catch { /* the browser closed it first */ } },
      )
    },
    cancel: close,
  })
  request.signal.addEventListener('abort', close)
  return new Response(stream, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' } })
})
