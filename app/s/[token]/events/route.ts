import { newestId, onShutdown, subscribe, watch, type NumberedEvent } from '@/lib/live/hub'
import { changesOf } from '@/lib/shares/changes'
import { isWorking } from '@/lib/shares/find-share'
import { openShare } from '@/lib/shares/open-share'
import { takeStream } from '@/lib/shares/streams'
import type { ShareEvent } from '@/lib/shares/types'

export const dynamic = 'force-dynamic'

/** A comment this often keeps proxies from closing the stream. */
const HEARTBEAT_MS = 15_000
/** Unread events of a browser that sleeps; past this its stream ends, and it resumes by its last id. */
const UNREAD_MAXIMUM = 200
/** A timer of Node holds no more. */
const TIMER_MAXIMUM_MS = 2 ** 31 - 1

/**
 * The event stream of a share, and of nothing else: that its page is to be read again, and numbers of its jobs. It ends
 * with the share. Public by nature: the token is the permission, and the password's cookie where there is one.
 */
export async function GET(request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  const opened = await openShare((await params).token)
  if (!opened) return new Response(null, { status: 404 })
  if (!opened.unlocked) return new Response(null, { status: 401 })
  const { share } = opened
  const leave = takeStream(share.id)
  if (!leave) return new Response(null, { status: 503, headers: { 'retry-after': '30' } })
  const since = request.headers.get('last-event-id') ?? new URL(request.url).searchParams.get('since')
  const meaningOf = changesOf(share)
  const ends: (() => void)[] = [leave]
  const close = () => { for (const end of ends.splice(0)) end() }
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      const encoder = new TextEncoder()
      const write = (text: string) => {
        if ((controller.desiredSize ?? 0) < -UNREAD_MAXIMUM) { close(); return }
        try { controller.enqueue(encoder.encode(text)) } catch { close() }
      }
      const send = (id: string, event: ShareEvent) => write(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`)
      const end = () => { send(newestId(), { type: 'ended' }); close() }
      const lookAgain = () => { isWorking(share.id).then((working) => { if (!working) end() }, close) }
      const handOn = ({ id, event }: NumberedEvent) => {
        if (event.type === 'share' && event.shareId === share.id) return lookAgain()
        const meaning = meaningOf(event)
        if (meaning) send(id, meaning)
      }
      const subscription = subscribe(since, handOn)
      write(`retry: 1000\nid: ${since ?? newestId()}\nevent: hello\ndata: {}\n\n`)
      const heartbeat = setInterval(() => { write(': alive\n\n'); lookAgain() }, HEARTBEAT_MS)
      const expiry = setTimeout(lookAgain, Math.min(TIMER_MAXIMUM_MS, Math.max(0, share.expiresAtMs - Date.now()) + 1))
      ends.push(
        () => subscription.end(),
        () => clearInterval(heartbeat),
        () => clearTimeout(expiry),
        onShutdown(close),
        ...(share.vmUuid === '' ? [] : [watch(share.host, share.vmUuid)]),
        () => { try { controller.close() } catch { /* the browser closed it first */ } },
      )
      for (const missed of subscription.missed) handOn(missed)
      // It may have ended between the first look and here.
      lookAgain()
    },
    cancel: close,
  })
  request.signal.addEventListener('abort', close)
  return new Response(stream, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' } })
}
