import 'server-only'
import { newestId, onShutdown, subscribe, type NumberedEvent } from './hub.ts'

/** A comment this often keeps proxies from closing the stream. */
const HEARTBEAT_MS = 15_000

/** What a stream is worked with while it is open; nothing of it throws, and after its end nothing of it does anything. */
export interface OpenStream {
  /** Sends one event; without an id, as of now. */
  send(event: object, id?: string): void
  /** Sends a comment, which no page sees. */
  keepAlive(): void
  /** Ends it; with a last event where one is given. */
  end(last?: object): void
}

export interface EventStreamOptions {
  /** Events of a browser that sleeps which wait to be read; past this its stream ends, and it resumes by its last id or reloads. */
  unreadMaximum: number
  /** What becomes of each event of the hub, those included that the browser missed. */
  onEvent(stream: OpenStream, numbered: NumberedEvent): void
  /** Every 15 s: looks whether the stream may go on, and keeps it alive. */
  onHeartbeat(stream: OpenStream): void
  /** Once, before what the browser missed is handed on. */
  onOpen?(stream: OpenStream): void
  /** Called once when it ends, by whichever side. */
  onEnd: (() => void)[]
}

/**
 * Answers a request with server-sent events of the hub: from where the browser left off (`Last-Event-ID`, or `since` of the
 * address), until `end` is called, the browser goes, it reads too slowly, or the server shuts down.
 */
export function eventStream(request: Request, { unreadMaximum, onEvent, onHeartbeat, onOpen, onEnd }: EventStreamOptions): Response {
  const since = request.headers.get('last-event-id') ?? new URL(request.url).searchParams.get('since')
  const ends = [...onEnd]
  const close = () => { for (const end of ends.splice(0)) end() }
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const encoder = new TextEncoder()
      const write = (text: string) => {
        if ((controller.desiredSize ?? 0) < -unreadMaximum) { close(); return }
        try { controller.enqueue(encoder.encode(text)) } catch { close() }
      }
      const stream: OpenStream = {
        send: (event, id = newestId()) => write(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`),
        keepAlive: () => write(': alive\n\n'),
        end(last) {
          if (last) stream.send(last)
          close()
        },
      }
      const subscription = subscribe(since, (numbered) => onEvent(stream, numbered))
      write(`retry: 1000\nid: ${since ?? newestId()}\nevent: hello\ndata: {}\n\n`)
      const heartbeat = setInterval(() => onHeartbeat(stream), HEARTBEAT_MS)
      ends.push(
        () => subscription.end(),
        () => clearInterval(heartbeat),
        onShutdown(close),
        () => { try { controller.close() } catch { /* the browser closed it first */ } },
      )
      onOpen?.(stream)
      for (const missed of subscription.missed) onEvent(stream, missed)
    },
    cancel: close,
  })
  request.signal.addEventListener('abort', close)
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' } })
}
