import { connect, createServer } from 'node:net'
import { FrameReader, MessageType } from '../../lib/node-libvirt/protocol/frames.ts'
import { REMOTE_PROGRAM } from '../../lib/node-libvirt/protocol/programs.ts'

export type CallCounter = {
  socketPath: string
  /** Calls since the start, by procedure. */
  counts(): Map<string, number>
  close(): void
}

const NAMES = new Map<number, string>(
  Object.entries(REMOTE_PROGRAM.table).map(([name, [number]]) => [number, name]),
)

/** A unix socket before libvirtd's that lets all through and counts the calls. */
export async function startCallCounter(daemonSocket: string, socketPath: string): Promise<CallCounter> {
  const counts = new Map<string, number>()
  const server = createServer((client) => {
    const daemon = connect({ path: daemonSocket })
    const frames = new FrameReader()
    client.on('data', (chunk) => {
      for (const packet of frames.push(chunk)) {
        if (packet.type !== MessageType.CALL) continue
        const name =
          packet.program === REMOTE_PROGRAM.program
            ? (NAMES.get(packet.procedure) ?? `${packet.procedure}`)
            : `program ${packet.program}`
        counts.set(name, (counts.get(name) ?? 0) + 1)
      }
      daemon.write(chunk)
    })
    daemon.on('data', (chunk) => client.write(chunk))
    for (const [from, to] of [
      [client, daemon],
      [daemon, client],
    ] as const) {
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve))
  return { socketPath, counts: () => new Map(counts), close: () => void server.close() }
}
