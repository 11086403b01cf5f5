import 'server-only'
import type { Connect } from 'node-libvirt'
import {
  isConnectionError,
  isLibvirtError,
  openConnect,
  type DomainEvent,
  type DomainEventType,
} from 'node-libvirt'

/** ms between two attempts to reach a host that is down; doubled up to the maximum. */
const RETRY_FIRST_MS = 1_000
const RETRY_MAXIMUM_MS = 10_000
const OPEN_DEADLINE_MS = 5_000
/** A read that takes longer counts as lost: the machine may be busy, but a hung QEMU never answers. */
const READ_DEADLINE_MS = 5_000
/** Of the connection for reading: none of its calls is long, and with 4 in flight libvirtd would wait for us in between. */
const READER_CALLS_IN_FLIGHT = 64
const EVENTS: readonly DomainEventType[] = ['lifecycle', 'io-error', 'block-job', 'agent', 'job-completed']

export interface ConnectionListener {
  onUp(connect: Connect): void
  onDown(reason: string): void
  onEvent(event: DomainEvent): void
}

export type ConnectionStatus =
  | { status: 'connecting'; sinceMs: number }
  | { status: 'up'; sinceMs: number; libvirtVersion: string; hypervisorVersion: string | null }
  | { status: 'down'; sinceMs: number; reason: string }

/** The host can't be asked now: the message says why and what to do. */
export class HostDown extends Error {
  override name = 'HostDown'
}

/**
 * Connections to one hypervisor: one read-only for reading and events that comes back by itself with its events
 * registered again, one read-write for files, and one of its own for each operation (LIBVIRT.md, “Load”).
 */
export class HostConnection {
  readonly uri: string
  #reader: Connect | null = null
  #inspector: Promise<Connect> | null = null
  #files: Promise<Connect> | null = null
  #status: ConnectionStatus = { status: 'connecting', sinceMs: Date.now() }
  #retryMs = RETRY_FIRST_MS
  #timer: NodeJS.Timeout | null = null
  #stopped = false
  #first: Promise<void> = Promise.resolve()
  readonly #listener: ConnectionListener

  constructor(uri: string, listener: ConnectionListener) {
    this.uri = uri
    this.#listener = listener
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  /** Begins to connect; never throws. */
  start(): void {
    this.#first = this.#connect()
  }

  /** The reading connection. Throws HostDown; waits for the first attempt after start. */
  async reader(): Promise<Connect> {
    if (this.#status.status === 'connecting') await this.#first
    if (this.#reader && !this.#reader.closed) return this.#reader
    throw new HostDown(
      this.#status.status === 'down' ? this.#status.reason : 'the host is being connected to',
    )
  }

  /** A second read-only connection, for calls that hang with their VM's QEMU: they must not hold up the lists. Throws HostDown. */
  inspector(): Promise<Connect> {
    return (this.#inspector ??= this.#lasting(true, () => {
      this.#inspector = null
    }))
  }

  /** The read-write connection for volumes, shared by all reads of files. Throws HostDown. */
  files(): Promise<Connect> {
    return (this.#files ??= this.#lasting(false, () => {
      this.#files = null
    }))
  }

  #lasting(readonly: boolean, forget: () => void): Promise<Connect> {
    const opening = this.#open(readonly)
    opening.then((connect) => connect.onClose(forget), forget)
    return opening
  }

  /** Runs one operation on a read-write connection of its own: a long call then holds up nobody. */
  async operate<T>(run: (connect: Connect) => Promise<T>): Promise<T> {
    const connect = await this.#open(false)
    try {
      return await run(connect)
    } finally {
      await connect.close()
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
    const others = await Promise.all([this.#files?.catch(() => null), this.#inspector?.catch(() => null)])
    await Promise.all([this.#reader, ...others].map((connect) => connect?.close()))
  }

  async #open(readonly: boolean, maxInFlight?: number): Promise<Connect> {
    try {
      return await openConnect(this.uri, {
        readonly,
        maxInFlight,
        signal: AbortSignal.timeout(OPEN_DEADLINE_MS),
        deadlineMs: readonly ? READ_DEADLINE_MS : undefined,
      })
    } catch (error) {
      throw new HostDown(whyDown(error), { cause: error })
    }
  }

  async #connect(): Promise<void> {
    try {
      const connect = await this.#open(true, READER_CALLS_IN_FLIGHT)
      // Events first, then reading: they are never replayed. An old daemon may lack one.
      for (const type of EVENTS) {
        await connect
          .domainEventRegisterAny(type, (event) => this.#listener.onEvent(event))
          .catch((error: unknown) => {
            if (!isLibvirtError(error)) throw error
          })
      }
      const libvirtVersion = await connect.getLibVersion()
      const hypervisorVersion = await connect.getVersion().catch(() => null)
      if (this.#stopped) return void (await connect.close())
      this.#reader = connect
      this.#retryMs = RETRY_FIRST_MS
      this.#status = { status: 'up', sinceMs: Date.now(), libvirtVersion, hypervisorVersion }
      this.#listener.onUp(connect)
      connect.onClose((error) => this.#lost(error.message))
    } catch (error) {
      this.#lost(error instanceof HostDown ? error.message : whyDown(error))
    }
  }

  #lost(reason: string): void {
    if (this.#stopped) return
    this.#reader = null
    const wasDown = this.#status.status === 'down'
    this.#status = { status: 'down', sinceMs: wasDown ? this.#status.sinceMs : Date.now(), reason }
    this.#timer = setTimeout(() => void this.#connect(), this.#retryMs)
    this.#timer.unref()
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAXIMUM_MS)
    if (!wasDown) this.#listener.onDown(reason)
  }
}

function whyDown(error: unknown): string {
  if (isConnectionError(error) && error.reason === 'aborted')
    return `the daemon did not answer within ${OPEN_DEADLINE_MS / 1000} s: it may hang, or have no free connection`
  if (isConnectionError(error) && error.reason === 'timeout')
    return `the daemon took the connection but does not answer: it may hang, or have no free connection`
  return error instanceof Error ? error.message : String(error)
}
