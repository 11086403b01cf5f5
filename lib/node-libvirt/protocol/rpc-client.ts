import { ConnectionError, LibvirtError } from '../errors.ts'
import { codecOf } from './codec.ts'
import { FrameReader, HEADER_BYTES, MessageStatus, MessageType, writeHeader, type Packet } from './frames.ts'
import { Keepalive, type KeepaliveOptions } from './keepalive.ts'
import {
  KEEPALIVE_PROGRAM,
  QEMU_PROGRAM,
  REMOTE_PROGRAM,
  type Arguments,
  type QemuArguments,
  type QemuProcedure,
  type QemuResult,
  type RemoteProcedure,
  type Result,
} from './programs.ts'
import { STRUCTS } from './procedures.generated.ts'
import { DownloadStream } from './stream.ts'
import type { Transport } from './transport.ts'
import { XdrReader, XdrWriter } from './xdr.ts'

export interface CallOptions {
  signal?: AbortSignal
  /** ms; 0 waits for ever. Default: the connection's. A call that is given up may still be carried out by the daemon. */
  deadlineMs?: number
}

export interface RpcOptions extends KeepaliveOptions {
  /** ms a call may take unless it says otherwise. Default 60,000. */
  deadlineMs?: number
  /**
   * Calls of this connection in flight; more wait here. Default 4: with max_client_requests (default 5) unanswered
   * the daemon stops reading the connection, keepalive included (WIRE.md, section 11).
   */
  maxInFlight?: number
}

const DEFAULT_DEADLINE_MS = 60_000
const DEFAULT_MAX_IN_FLIGHT = 4
/** libvirt's VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX: what every daemon takes in one packet of a stream. */
const STREAM_PAYLOAD_MAX_BYTES = 262_120

interface Pending {
  procedure: string
  frame: Buffer
  sent: boolean
  settled: boolean
  timer: NodeJS.Timeout | null
  /** Called in the same turn as the packet is read: an event may follow in the same read. */
  succeed(payload: Buffer): void
  fail(error: Error): void
  stream: DownloadStream | null
}

const ERROR_CODEC = codecOf(STRUCTS.error)

/** Serial to caller: sends calls, matches replies, hands events on. Knows no meaning of any procedure. */
export class RpcClient {
  readonly #transport: Transport
  readonly #frames = new FrameReader()
  readonly #keepalive: Keepalive
  readonly #pending = new Map<number, Pending>()
  readonly #streams = new Map<number, DownloadStream>()
  readonly #waiting: number[] = []
  readonly #deadlineMs: number
  readonly #maxInFlight: number
  #inFlight = 0
  #serial = 0
  #outgoing: Buffer[] = []
  #closed: ConnectionError | null = null
  readonly #closeListeners: ((error: ConnectionError) => void)[] = []
  #eventListener: (procedure: number, payload: Buffer) => void = () => undefined

  constructor(transport: Transport, options: RpcOptions = {}) {
    this.#transport = transport
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS
    this.#maxInFlight = options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT
    this.#keepalive = new Keepalive(options, {
      ping: () => this.#sendKeepalive(KEEPALIVE_PROGRAM.ping),
      dead: (silentMs) =>
        this.close(
          new ConnectionError(
            'closed',
            `the libvirt daemon has not answered for ${Math.round(silentMs / 1000)} s`,
            false,
          ),
        ),
    })
    transport.onData((chunk) => this.#receive(chunk))
    transport.onClose((cause) =>
      this.close(
        new ConnectionError(
          'closed',
          `the connection to the libvirt daemon is closed${cause ? `: ${cause.message}` : ''}`,
          false,
          cause,
        ),
      ),
    )
  }

  /** Why the connection is closed, or null while it is open. */
  get closed(): ConnectionError | null {
    return this.#closed
  }

  /** Calls in flight and waiting here. */
  get load(): number {
    return this.#pending.size
  }

  onClose(listener: (error: ConnectionError) => void): void {
    if (this.#closed) listener(this.#closed)
    else this.#closeListeners.push(listener)
  }

  onEvent(listener: (procedure: number, payload: Buffer) => void): void {
    this.#eventListener = listener
  }

  /** One call of the remote program. `onResult` runs in the same turn as the reply is read. */
  call<P extends RemoteProcedure>(
    procedure: P,
    args: Arguments<P>,
    options?: CallOptions,
    onResult?: (result: Result<P>) => void,
  ): Promise<Result<P>> {
    const entry = REMOTE_PROGRAM.table[procedure]
    return this.#call(
      REMOTE_PROGRAM,
      procedure,
      entry,
      args,
      options,
      onResult as (result: unknown) => void,
    ) as Promise<Result<P>>
  }

  callQemu<P extends QemuProcedure>(
    procedure: P,
    args: QemuArguments<P>,
    options?: CallOptions,
  ): Promise<QemuResult<P>> {
    return this.#call(QEMU_PROGRAM, procedure, QEMU_PROGRAM.table[procedure], args, options) as Promise<
      QemuResult<P>
    >
  }

  /** A call whose reply opens a download; the stream is registered before the call is sent. */
  async download<P extends RemoteProcedure>(
    procedure: P,
    args: Arguments<P>,
    options?: CallOptions,
  ): Promise<DownloadStream> {
    let serial = 0
    const stream = new DownloadStream({
      setPaused: (paused) => this.#transport.setPaused(paused),
      finish: (aborted) => this.#endStream(REMOTE_PROGRAM.table[procedure][0], serial, aborted),
    })
    await this.#call(
      REMOTE_PROGRAM,
      procedure,
      REMOTE_PROGRAM.table[procedure],
      args,
      options,
      undefined,
      (given) => {
        serial = given
        this.#streams.set(given, stream)
        return stream
      },
    )
    return stream
  }

  /** A call whose reply opens an upload of these bytes; resolves when the daemon has confirmed that all are written. */
  async upload<P extends RemoteProcedure>(
    procedure: P,
    args: Arguments<P>,
    data: Buffer,
    options: CallOptions = {},
  ): Promise<void> {
    const [number] = REMOTE_PROGRAM.table[procedure]
    let serial = 0
    // What comes back is one packet, the confirmation or an error: the receiving end of a stream without data.
    const answer = new DownloadStream({
      setPaused: () => undefined,
      finish: (aborted) => this.#endStream(number, serial, aborted),
    })
    await this.#call(
      REMOTE_PROGRAM,
      procedure,
      REMOTE_PROGRAM.table[procedure],
      args,
      options,
      undefined,
      (given) => {
        serial = given
        this.#streams.set(given, answer)
        return answer
      },
    )
    for (let at = 0; at < data.length; at += STREAM_PAYLOAD_MAX_BYTES)
      this.#sendStreamData(number, serial, data.subarray(at, at + STREAM_PAYLOAD_MAX_BYTES))
    this.#endStream(number, serial, false)
    const deadlineMs = options.deadlineMs ?? this.#deadlineMs
    const timer =
      deadlineMs > 0
        ? setTimeout(
            () =>
              answer.fail(
                new ConnectionError(
                  'timeout',
                  `${procedure} has not been confirmed within ${deadlineMs} ms`,
                  true,
                ),
              ),
            deadlineMs,
          )
        : undefined
    try {
      for await (const chunk of answer)
        throw new ConnectionError(
          'protocol',
          `${procedure}: ${chunk.length} bytes came back from an upload`,
          true,
        )
    } catch (error) {
      if (this.#streams.delete(serial)) this.#endStream(number, serial, true)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Closes the connection and fails every pending call with one error. */
  close(
    error = new ConnectionError('closed', 'the connection to the libvirt daemon was closed here', false),
  ): void {
    if (this.#closed) return
    this.#closed = error
    this.#keepalive.stop()
    this.#transport.close()
    for (const pending of this.#pending.values()) {
      pending.fail(new ConnectionError(error.reason, error.message, pending.sent, error.cause ?? error))
    }
    this.#pending.clear()
    for (const stream of this.#streams.values()) stream.fail(error)
    this.#streams.clear()
    for (const listener of this.#closeListeners) listener(error)
  }

  async #call(
    program: { program: number; version: number },
    procedure: string,
    [number, argsSchema, resultSchema]: readonly [number, string, string],
    args: unknown,
    options: CallOptions = {},
    onResult?: (result: unknown) => void,
    openStream?: (serial: number) => DownloadStream,
  ): Promise<unknown> {
    if (this.#closed) throw new ConnectionError('closed', this.#closed.message, false, this.#closed)
    if (options.signal?.aborted)
      throw new ConnectionError(
        'aborted',
        `${procedure} was aborted before it was sent`,
        false,
        options.signal.reason,
      )
    const serial = this.#nextSerial()
    const writer = new XdrWriter(HEADER_BYTES)
    codecOf(argsSchema).write(writer, args as never)
    const frame = writeHeader(writer.finish(), {
      program: program.program,
      version: program.version,
      procedure: number,
      type: MessageType.CALL,
      serial,
      status: MessageStatus.OK,
    })
    const deadlineMs = options.deadlineMs ?? this.#deadlineMs
    let onAbort: (() => void) | undefined
    try {
      return await new Promise((resolve, reject) => {
        const pending: Pending = {
          procedure,
          frame,
          sent: false,
          settled: false,
          timer: null,
          stream: openStream?.(serial) ?? null,
          succeed: (payload) => {
            const reader = new XdrReader(payload)
            const result = codecOf(resultSchema).read(reader)
            if (reader.remainingBytes > 0)
              throw new Error(`${procedure}: ${reader.remainingBytes} bytes too many in the reply`)
            onResult?.(result)
            resolve(result)
          },
          fail: reject,
        }
        this.#pending.set(serial, pending)
        onAbort = () =>
          this.#giveUp(
            serial,
            new ConnectionError('aborted', `${procedure} was aborted`, pending.sent, options.signal?.reason),
          )
        options.signal?.addEventListener('abort', onAbort, { once: true })
        if (deadlineMs > 0) {
          pending.timer = setTimeout(
            () =>
              this.#giveUp(
                serial,
                new ConnectionError(
                  'timeout',
                  `${procedure} has not been answered within ${deadlineMs} ms`,
                  pending.sent,
                ),
              ),
            deadlineMs,
          )
        }
        this.#waiting.push(serial)
        this.#sendWaiting()
      })
    } catch (error) {
      // The reply is read in a socket's turn: the stack should lead to the caller instead.
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    } finally {
      if (onAbort) options.signal?.removeEventListener('abort', onAbort)
    }
  }

  #nextSerial(): number {
    do this.#serial = this.#serial >= 0xffff_ffff ? 1 : this.#serial + 1
    while (this.#pending.has(this.#serial) || this.#streams.has(this.#serial))
    return this.#serial
  }

  #sendWaiting(): void {
    while (this.#inFlight < this.#maxInFlight) {
      const serial = this.#waiting.shift()
      if (serial === undefined) return
      const pending = this.#pending.get(serial)
      if (!pending) continue
      pending.sent = true
      this.#inFlight++
      this.#send(pending.frame)
    }
  }

  /** One write for all that one turn sends. */
  #send(frame: Buffer): void {
    if (this.#outgoing.push(frame) > 1) return
    queueMicrotask(() => {
      const frames = this.#outgoing
      this.#outgoing = []
      if (!this.#closed) this.#transport.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames))
    })
  }

  #sendKeepalive(procedure: number): void {
    this.#send(
      writeHeader(Buffer.alloc(HEADER_BYTES), {
        program: KEEPALIVE_PROGRAM.program,
        version: KEEPALIVE_PROGRAM.version,
        procedure,
        type: MessageType.MESSAGE,
        serial: 0,
        status: MessageStatus.OK,
      }),
    )
  }

  #sendStreamData(procedure: number, serial: number, data: Buffer): void {
    if (this.#closed) throw new ConnectionError('closed', this.#closed.message, true, this.#closed)
    this.#send(
      writeHeader(Buffer.concat([Buffer.alloc(HEADER_BYTES), data]), {
        program: REMOTE_PROGRAM.program,
        version: REMOTE_PROGRAM.version,
        procedure,
        type: MessageType.STREAM,
        serial,
        status: MessageStatus.CONTINUE,
      }),
    )
  }

  #endStream(procedure: number, serial: number, aborted: boolean): void {
    if (this.#closed) return
    this.#send(
      writeHeader(Buffer.alloc(HEADER_BYTES), {
        program: REMOTE_PROGRAM.program,
        version: REMOTE_PROGRAM.version,
        procedure,
        type: MessageType.STREAM,
        serial,
        status: aborted ? MessageStatus.ERROR : MessageStatus.OK,
      }),
    )
  }

  /** The caller is told now; a sent call keeps its serial and its place until the late reply is read and dropped. */
  #giveUp(serial: number, error: ConnectionError): void {
    const pending = this.#pending.get(serial)
    if (!pending || pending.settled) return
    pending.settled = true
    if (pending.timer) clearTimeout(pending.timer)
    if (!pending.sent) this.#pending.delete(serial)
    pending.fail(error)
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return
    this.#keepalive.heard()
    try {
      for (const packet of this.#frames.push(chunk)) this.#dispatch(packet)
    } catch (error) {
      this.close(
        new ConnectionError(
          'protocol',
          `the other side does not speak libvirt's protocol: ${(error as Error).message}`,
          false,
          error,
        ),
      )
    }
  }

  #dispatch(packet: Packet): void {
    if (packet.type === MessageType.REPLY) this.#reply(packet)
    else if (packet.type === MessageType.STREAM || packet.type === MessageType.STREAM_HOLE)
      this.#streamPacket(packet)
    else if (packet.type === MessageType.MESSAGE && packet.program === KEEPALIVE_PROGRAM.program) {
      if (packet.procedure === KEEPALIVE_PROGRAM.ping) this.#sendKeepalive(KEEPALIVE_PROGRAM.pong)
    } else if (packet.type === MessageType.MESSAGE && packet.program === REMOTE_PROGRAM.program)
      this.#eventListener(packet.procedure, packet.payload)
  }

  #reply(packet: Packet): void {
    const pending = this.#pending.get(packet.serial)
    if (!pending) throw new Error(`a reply with serial ${packet.serial}, which no call has`)
    this.#pending.delete(packet.serial)
    this.#inFlight--
    if (pending.timer) clearTimeout(pending.timer)
    this.#sendWaiting()
    if (pending.stream && (packet.status === MessageStatus.ERROR || pending.settled)) {
      this.#streams.delete(packet.serial)
      if (packet.status !== MessageStatus.ERROR) this.#endStream(packet.procedure, packet.serial, true)
    }
    if (pending.settled) return
    pending.settled = true
    if (packet.status === MessageStatus.ERROR)
      return pending.fail(readError(packet.payload, pending.procedure))
    try {
      pending.succeed(packet.payload)
    } catch (error) {
      pending.fail(
        new ConnectionError('protocol', `${pending.procedure}: the reply could not be read`, true, error),
      )
      throw error
    }
  }

  #streamPacket(packet: Packet): void {
    const stream = this.#streams.get(packet.serial)
    // Late packets of a stream that was aborted here.
    if (!stream) return
    if (packet.status === MessageStatus.ERROR) {
      this.#streams.delete(packet.serial)
      return stream.fail(readError(packet.payload, 'stream'))
    }
    const confirmed = packet.status === MessageStatus.OK
    if (confirmed) this.#streams.delete(packet.serial)
    stream.receive(packet, confirmed ? 'confirmed' : 'data')
  }
}

function readError(payload: Buffer, procedure: string): LibvirtError {
  const error = ERROR_CODEC.read(new XdrReader(payload))
  return new LibvirtError(error.message ?? `libvirt error ${error.code}`, error, procedure)
}
