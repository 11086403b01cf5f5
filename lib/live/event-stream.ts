import 'server-only'
import { goOnByItself, LONG_ANSWER_HEADER } from '../server/long-answer.ts'
import { onHeartbeat } from './heartbeat.ts'
import { newestId, onShutdown, subscribe, type NumberedEvent } from './hub.ts'

/** As the hub writes them; what a browser gives goes into the stream, where a line break would begin an event of its own. */
const EVENT_ID = /^[0-9a-f]{8}-\d{1,15}$/
/** An id that no hub has: what was missed is not known. */
const UNKNOWN_ID = 'unknown'
const encoder = new TextEncoder()

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

/** Where a stream writes to. */
interface Sink {
  /** Events that wait to be read. */
  unread(): number
  write(text: string): void
  end(): void
}

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}

/**
 * Answers a request with server-sent events of the hub: from where the browser left off (`Last-Event-ID`, or `since` of the
 * address), until `end` is called, the browser goes, it reads too slowly, or the server shuts down.
 */
export function eventStream(request: Request, options: EventStreamOptions): Response {
  const given = request.headers.get('last-event-id') ?? new URL(request.url).searchParams.get('since')
  const since = given === null || EVENT_ID.test(given) ? given : UNKNOWN_ID
  const ticket = request.headers.get(LONG_ANSWER_HEADER)
  return ticket === null ? answerByBody(request, since, options) : answerByItself(ticket, since, options)
}

/** On the connection itself: a stream costs a third of what it does while Next answers. */
function answerByItself(ticket: string, since: string | null, options: EventStreamOptions): Response {
  goOnByItself(ticket, {
    goOn(response) {
      let unread = 0
      const read = () => {
        unread -= 1
      }
      const close = open(since, options, {
        unread: () => unread,
        write(text) {
          unread += 1
          response.write(text, read)
        },
        end: () => response.end(),
      })
      response.on('close', close)
      response.on('error', close)
    },
    gone() {
      for (const end of options.onEnd) end()
    },
  })
  return new Response(null, { headers: HEADERS })
}

function answerByBody(request: Request, since: string | null, options: EventStreamOptions): Response {
  let close = () => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      close = open(since, options, {
        unread: () => -(controller.desiredSize ?? 0),
        write: (text) => controller.enqueue(encoder.encode(text)),
        end: () => controller.close(),
      })
    },
    cancel: () => close(),
  })
  request.signal.addEventListener('abort', close)
  if (request.signal.aborted) close()
  return new Response(body, { headers: HEADERS })
}

/** @returns how to end it, which may be done again. */
function open(
  since: string | null,
  { unreadMaximum, onEvent, onHeartbeat: lookAgain, onOpen, onEnd }: EventStreamOptions,
  sink: Sink,
): () => void {
  const ends = [...onEnd]
  const close = () => {
    for (const end of ends.splice(0)) end()
  }
  const write = (text: string) => {
    if (ends.length === 0) return
    if (sink.unread() > unreadMaximum) {
      close()
      return
    }
    try {
      sink.write(text)
    } catch {
      close()
    }
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
  ends.push(
    () => subscription.end(),
    onHeartbeat(() => lookAgain(stream)),
    onShutdown(close),
    () => {
      try {
        sink.end()
      } catch {
        /* the browser closed it first */
      }
    },
  )
  write(
    `retry: 1000\nid: ${since === UNKNOWN_ID ? newestId() : (since ?? newestId())}\nevent: hello\ndata: {}\n\n`,
  )
  onOpen?.(stream)
  for (const missed of subscription.missed) onEvent(stream, missed)
  return close
}
