import { connect as connectSocket } from 'node:net'
import { ConnectionError } from '../errors.ts'

/** A byte stream to a daemon: unix now; tls and ssh fit behind the same. */
export interface Transport {
  write(bytes: Buffer): void
  setPaused(paused: boolean): void
  close(): void
  onData(listener: (chunk: Buffer) => void): void
  /** Called once, with the cause where there is one. */
  onClose(listener: (cause?: Error) => void): void
}

/** Bytes of sun_path on Linux, its closing NUL included (man 7 unix). */
const SOCKET_PATH_MAX_BYTES = 108

/** Connects to a unix socket. Rejects with a ConnectionError that says what to look at. */
export function connectUnix(path: string, signal?: AbortSignal): Promise<Transport> {
  if (Buffer.byteLength(path) >= SOCKET_PATH_MAX_BYTES) {
    return Promise.reject(
      new ConnectionError(
        'refused',
        `the socket path ${path} is longer than the system allows (${SOCKET_PATH_MAX_BYTES - 1} bytes)`,
        false,
      ),
    )
  }
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ path })
    const refuse = (cause: NodeJS.ErrnoException) =>
      reject(new ConnectionError(signal?.aborted ? 'aborted' : 'refused', whyNot(path, cause), false, cause))
    // Only the opening can be aborted: a signal given to the socket would end the open connection, too.
    const abort = () => socket.destroy(new Error('the opening was aborted'))
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
    socket.once('error', refuse)
    socket.once('connect', () => {
      signal?.removeEventListener('abort', abort)
      socket.off('error', refuse)
      let cause: Error | undefined
      socket.on('error', (error) => {
        cause = error
      })
      resolve({
        write: (bytes) => void socket.write(bytes),
        setPaused: (paused) => void (paused ? socket.pause() : socket.resume()),
        close: () => void socket.destroy(),
        onData: (listener) => void socket.on('data', listener),
        onClose: (listener) => void socket.on('close', () => listener(cause)),
      })
    })
  })
}

function whyNot(path: string, cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'ENOENT':
      return `there is no libvirt socket at ${path}: is libvirtd (or virtqemud) installed and running?`
    case 'ECONNREFUSED':
      return `nothing listens on ${path}: libvirtd is not running`
    case 'EACCES':
      return `no permission to open ${path}: the user that runs this must be in the group that owns it (often "libvirt")`
    default:
      return `cannot connect to ${path}: ${cause.message}`
  }
}
