import type { Packet } from './frames.ts'

/** What a stream buffers before it stops reading the socket (which stops everything on this connection). */
const HIGH_WATER_BYTES = 8 * 1024 * 1024

interface StreamHost {
  /** Stop or go on reading the socket. */
  setPaused(paused: boolean): void
  /** Ends the stream on the wire: OK after the last byte, ERROR to abort. */
  finish(aborted: boolean): void
}

/** The receiving end of one download. Bulk ones want a connection of their own: the only brake is the socket. */
export class DownloadStream implements AsyncIterable<Buffer> {
  #queue: Buffer[] = []
  #queuedBytes = 0
  #ended = false
  #error: Error | null = null
  #wake: (() => void) | null = null
  readonly #host: StreamHost
  constructor(host: StreamHost) {
    this.#host = host
  }

  /** From the connection: one packet of this stream. */
  receive(packet: Packet, status: 'data' | 'confirmed'): void {
    if (status === 'confirmed' || packet.payload.length === 0) {
      if (!this.#ended && status === 'data') this.#host.finish(false)
      this.#ended = true
    } else {
      this.#queue.push(packet.payload)
      this.#queuedBytes += packet.payload.length
      if (this.#queuedBytes > HIGH_WATER_BYTES) this.#host.setPaused(true)
    }
    this.#wake?.()
  }

  /** From the connection: the daemon failed it, or the connection is gone. */
  fail(error: Error): void {
    this.#error ??= error
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const next = this.#queue.shift()
        if (next) {
          this.#queuedBytes -= next.length
          if (this.#queuedBytes <= HIGH_WATER_BYTES / 2) this.#host.setPaused(false)
          yield next
        } else if (this.#error) throw this.#error
        else if (this.#ended) return
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
      }
    } finally {
      this.#host.setPaused(false)
      if (!this.#ended && !this.#error) this.#host.finish(true)
      this.#ended = true
    }
  }
}
