export interface KeepaliveOptions {
  /** Silence after which we ping, ms. Default 5,000; 0 = never ping. */
  keepaliveIntervalMs?: number
  /** Pings without any packet from the daemon until it counts as dead. Default 5. */
  keepaliveCount?: number
}

const DEFAULT_INTERVAL_MS = 5_000
const DEFAULT_COUNT = 5

/** Pings a silent daemon: a dead peer shows no other way (WIRE.md, section 7). Any packet counts as life. */
export class Keepalive {
  readonly #timer: NodeJS.Timeout | null
  #heardAtMs = Date.now()
  #unanswered = 0

  constructor(options: KeepaliveOptions, connection: { ping(): void; dead(silentMs: number): void }) {
    const intervalMs = options.keepaliveIntervalMs ?? DEFAULT_INTERVAL_MS
    const count = options.keepaliveCount ?? DEFAULT_COUNT
    this.#timer =
      intervalMs === 0
        ? null
        : setInterval(() => {
            const silentMs = Date.now() - this.#heardAtMs
            if (silentMs < intervalMs) return
            if (this.#unanswered >= count) return connection.dead(silentMs)
            this.#unanswered++
            connection.ping()
          }, intervalMs)
    this.#timer?.unref()
  }

  heard(): void {
    this.#heardAtMs = Date.now()
    this.#unanswered = 0
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
  }
}
