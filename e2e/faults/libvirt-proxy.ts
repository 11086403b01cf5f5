import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Stands between the app and libvirtd, so that the line can be cut, or hang. */
export class LibvirtProxy {
  readonly socketPath: string
  readonly #server: Server
  readonly #pairs = new Set<[Socket, Socket]>()
  #hangs = false

  private constructor(socketPath: string, libvirtdSocket: string) {
    this.socketPath = socketPath
    this.#server = createServer((client) => {
      const daemon = connect(libvirtdSocket)
      const pair: [Socket, Socket] = [client, daemon]
      this.#pairs.add(pair)
      for (const [from, to] of [pair, [daemon, client]] as const) {
        from.on('data', (bytes) => {
          if (!to.write(bytes)) from.pause()
        })
        to.on('drain', () => {
          if (!this.#hangs) from.resume()
        })
        from.on('error', () => undefined)
        from.on('close', () => {
          to.destroy()
          this.#pairs.delete(pair)
        })
        if (this.#hangs) from.pause()
      }
    })
  }

  static async start(socketPath: string, libvirtdSocket: string): Promise<LibvirtProxy> {
    rmSync(socketPath, { force: true })
    const proxy = new LibvirtProxy(socketPath, libvirtdSocket)
    await new Promise<void>((resolve, reject) =>
      proxy.#server.once('error', reject).listen(socketPath, () => resolve()),
    )
    return proxy
  }

  /** Every connection of this moment ends; new ones are taken. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  /** No byte goes either way; what was sent arrives when it goes on. */
  hang(hangs: boolean): void {
    this.#hangs = hangs
    for (const pair of this.#pairs)
      for (const socket of pair)
        if (hangs) socket.pause()
        else socket.resume()
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
