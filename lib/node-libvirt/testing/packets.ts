import { HEADER_BYTES, MessageStatus, MessageType, writeHeader } from '../protocol/frames.ts'
import { codecOf } from '../protocol/codec.ts'
import { STRUCTS } from '../protocol/procedures.generated.ts'
import { REMOTE_PROGRAM, type Arguments, type RemoteProcedure, type Result } from '../protocol/programs.ts'
import { XdrWriter } from '../protocol/xdr.ts'

/** Packets as a daemon sends them (WIRE.md, section 1). */
function packet(
  procedure: number,
  type: number,
  serial: number,
  status: number,
  fill: (writer: XdrWriter) => void,
): Buffer {
  const writer = new XdrWriter(HEADER_BYTES)
  fill(writer)
  return writeHeader(writer.finish(), {
    program: REMOTE_PROGRAM.program,
    version: REMOTE_PROGRAM.version,
    procedure,
    type,
    serial,
    status,
  })
}

export function reply<P extends RemoteProcedure>(name: P, serial: number, result: Result<P>): Buffer {
  const [number, , schema] = REMOTE_PROGRAM.table[name]
  return packet(number, MessageType.REPLY, serial, MessageStatus.OK, (writer) =>
    codecOf(schema as string).write(writer, result as never),
  )
}

export function errorReply(name: RemoteProcedure, serial: number, code: number, message: string): Buffer {
  return packet(REMOTE_PROGRAM.table[name][0], MessageType.REPLY, serial, MessageStatus.ERROR, (writer) =>
    codecOf(STRUCTS.error).write(writer, {
      code,
      domain: 10,
      message,
      level: 2,
      dom: null,
      str1: null,
      str2: null,
      str3: null,
      int1: -1,
      int2: -1,
      net: null,
    }),
  )
}

export function event<P extends RemoteProcedure>(name: P, args: Arguments<P>): Buffer {
  const [number, schema] = REMOTE_PROGRAM.table[name]
  return packet(number, MessageType.MESSAGE, 1, MessageStatus.OK, (writer) =>
    codecOf(schema as string).write(writer, args as never),
  )
}

export function streamData(name: RemoteProcedure, serial: number, status: number, bytes: Buffer): Buffer {
  const frame = Buffer.concat([Buffer.alloc(HEADER_BYTES), bytes])
  return writeHeader(frame, {
    program: REMOTE_PROGRAM.program,
    version: REMOTE_PROGRAM.version,
    procedure: REMOTE_PROGRAM.table[name][0],
    type: MessageType.STREAM,
    serial,
    status,
  })
}
