import type { LiveEvent } from '@/lib/live/types'
import { eventsPath, jobPath } from '@/components/paths'

const RETRY_FIRST_MS = 1_000
const RETRY_LAST_MS = 10_000

export interface StreamHandlers {
  onEvent: (id: string, event: LiveEvent) => void
  onStatus: (connected: boolean) => void
  /** The session has ended: this page can show nothing new. */
  onSignedOut: () => void
}

/** The one event stream of this browser. It comes back by itself, and goes on after the last event it saw. */
export class EventStream {
  #source: EventSource | null = null
  #lastId: string | null
  #watches = ''
  #retryMs = RETRY_FIRST_MS
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #handlers: StreamHandlers

  constructor(handlers: StreamHandlers, lastId: string | null) {
    this.#handlers = handlers
    this.#lastId = lastId
  }

  /** Opens the stream for these VM pages; the same ones again change nothing. */
  watch(watches: Iterable<string>): void {
    const wanted = JSON.stringify([...new Set(watches)].sort())
    if (this.#source && wanted === this.#watches) return
    this.#watches = wanted
    this.#open()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = null
  }

  #open(): void {
    this.close()
    const source = new EventSource(eventsPath(JSON.parse(this.#watches) as string[], this.#lastId))
    this.#source = source
    // The server's first event carries an id, so that even a stream that saw nothing else can be resumed.
    source.addEventListener('hello', (message) => {
      this.#lastId = message.lastEventId || this.#lastId
      this.#retryMs = RETRY_FIRST_MS
      this.#handlers.onStatus(true)
    })
    source.onmessage = (message: MessageEvent<string>) => {
      this.#lastId = message.lastEventId || this.#lastId
      const event = JSON.parse(message.data) as LiveEvent
      if (event.type === 'signed-out') return this.#handlers.onSignedOut()
      this.#handlers.onEvent(message.lastEventId, event)
    }
    source.onerror = () => {
      this.#handlers.onStatus(false)
      // The browser itself retries a broken stream, but none that was answered with an error (a proxy without its app).
      if (source.readyState !== EventSource.CLOSED) return
      this.#timer = setTimeout(() => this.#open(), this.#retryMs)
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LAST_MS)
      void this.#askWhy()
    }
  }

  /** An EventSource does not tell why it was refused; no retry helps a session that was ended. */
  async #askWhy(): Promise<void> {
    const answer = await fetch(jobPath('none'), { headers: { accept: 'application/json' } }).catch(() => null)
    if (answer?.status === 401) this.#handlers.onSignedOut()
  }
}
