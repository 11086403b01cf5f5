import type { LiveEvent } from '@/lib/live/types'
import { randomId } from '@/components/random-id'
import { EventStream } from '@/components/live/event-source'
import { leadWhenFirst, openTabChannel, type TabMessage } from '@/components/live/tab-channel'

/** Tabs say again what they show this often; one that was silent for longer than the other is taken for gone. Browsers let timers of hidden tabs run once a minute. */
const SAY_AGAIN_MS = 30_000
const SILENT_MS = 180_000
const GATHER_MS = 60

type Handler = (event: LiveEvent) => void

/** One tab's end of the browser's event stream: the leading tab holds it and passes everything on to the others. */
export class LiveClient {
  readonly #tab = randomId()
  readonly #handlers = new Set<Handler>()
  readonly #own = new Map<symbol, string>()
  readonly #others = new Map<string, { watches: string[]; heardAtMs: number }>()
  readonly #onStatus: (connected: boolean) => void
  #stream: EventStream | null = null
  /** Of the newest event that what this tab shows can know of: first the one that the server rendered after. */
  #lastId: string
  #connected = true
  #channel: ReturnType<typeof openTabChannel> | null = null
  #resign: (() => void) | null = null
  #again: ReturnType<typeof setInterval> | undefined
  #gather: ReturnType<typeof setTimeout> | undefined

  constructor(onStatus: (connected: boolean) => void, renderedAfterId: string) {
    this.#onStatus = onStatus
    this.#lastId = renderedAfterId
  }

  start(): void {
    this.#channel = openTabChannel((message) => this.#receive(message))
    this.#resign = leadWhenFirst(() => this.#lead())
    this.#again = setInterval(() => this.#say(), SAY_AGAIN_MS)
    this.#say()
  }

  stop(): void {
    clearInterval(this.#again)
    clearTimeout(this.#gather)
    this.#channel?.send({ kind: 'bye', tab: this.#tab })
    this.#stream?.close()
    this.#stream = null
    this.#resign?.()
    this.#channel?.close()
    this.#channel = null
  }

  listen(handler: Handler): () => void {
    this.#handlers.add(handler)
    return () => void this.#handlers.delete(handler)
  }

  /** Says that this tab shows a VM (`host/uuid`), until the result is called. */
  watch(vm: string): () => void {
    const key = Symbol(vm)
    this.#own.set(key, vm)
    this.#say()
    return () => {
      this.#own.delete(key)
      this.#say()
    }
  }

  #lead(): void {
    this.#stream = new EventStream(
      {
        onEvent: (id, event) => {
          this.#channel?.send({ kind: 'event', id, event })
          this.#dispatch(id, event)
        },
        onStatus: (connected) => {
          this.#channel?.send({ kind: 'status', connected })
          this.#setConnected(connected)
        },
        onSignedOut: () => {
          this.#channel?.send({ kind: 'signed-out' })
          this.#signedOut()
        },
      },
      this.#lastId,
    )
    this.#channel?.send({ kind: 'who' })
    this.#openSoon()
  }

  #say(): void {
    this.#channel?.send({ kind: 'watch', tab: this.#tab, watches: [...this.#own.values()] })
    this.#openSoon()
  }

  /** Gathers what several tabs and components say at once into one new stream. */
  #openSoon(): void {
    if (!this.#stream) return
    clearTimeout(this.#gather)
    this.#gather = setTimeout(() => {
      for (const [tab, { heardAtMs }] of this.#others)
        if (Date.now() - heardAtMs > SILENT_MS) this.#others.delete(tab)
      this.#stream?.watch([
        ...this.#own.values(),
        ...[...this.#others.values()].flatMap((other) => other.watches),
      ])
    }, GATHER_MS)
  }

  #receive(message: TabMessage): void {
    switch (message.kind) {
      case 'event':
        return this.#dispatch(message.id, message.event)
      case 'status':
        if (message.newestId !== undefined && isLater(message.newestId, this.#lastId))
          this.#dispatch(message.newestId, { type: 'reload' })
        return this.#setConnected(message.connected)
      case 'signed-out':
        return this.#signedOut()
      case 'who':
        return this.#say()
      case 'bye':
        this.#others.delete(message.tab)
        return this.#openSoon()
      case 'watch':
        if (!this.#others.has(message.tab) && this.#stream)
          this.#channel?.send({ kind: 'status', connected: this.#connected, newestId: this.#lastId })
        this.#others.set(message.tab, { watches: message.watches, heardAtMs: Date.now() })
        return this.#openSoon()
    }
  }

  #dispatch(id: string, event: LiveEvent): void {
    if (id) this.#lastId = id
    for (const handler of this.#handlers) handler(event)
  }

  /** The server sends this page to the sign-in page, which comes back here. */
  #signedOut(): void {
    this.stop()
    location.reload()
  }

  #setConnected(connected: boolean): void {
    this.#connected = connected
    this.#onStatus(connected)
  }
}

/** Ids are `<boot>-<sequence>`; nothing can be said of another boot's, so it counts as later. */
function isLater(id: string, than: string): boolean {
  const [boot, sequence] = id.split('-')
  const [thanBoot, thanSequence] = than.split('-')
  return boot !== thanBoot || Number(sequence) > Number(thanSequence)
}
