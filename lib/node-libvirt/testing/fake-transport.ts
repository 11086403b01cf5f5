import { FrameReader, type Packet } from '../protocol/frames.ts'
import type { Transport } from '../protocol/transport.ts'

/** The far end of a transport, in memory: for what a real daemon never does (garbage, silence, a cut in a packet). */
export class FakeTransport implements Transport {
  readonly sent: Packet[] = []
  closed = false
  paused = false
  #onData: (chunk: Buffer) => void = () => undefined
  #onClose: (cause?: Error) => void = () => undefined
  readonly #frames = new FrameReader()
  write(bytes: Buffer): void {
    this.sent.push(...this.#frames.push(bytes))
  }
  setPaused(paused: boolean): void {
    this.paused = paused
  }
  close(): void {
    this.closed = true
  }
  onData(listener: (chunk: Buffer) => void): void {
    this.#onData = listener
  }
  onClose(listener: (cause?: Error) => void): void {
    this.#onClose = listener
  }
  /** As if these bytes arrived. */
  receive(...chunks: Buffer[]): void {
    for (const chunk of chunks) this.#onData(chunk)
  }
  /** As if the daemon hung up. */
  hangUp(cause?: Error): void {
    this.#onClose(cause)
  }
}

/** One turn: what was called is written then. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
