/**
 * Bytes to packets and back. Frame (WIRE.md, section 1): u32 length that counts itself, then six words
 * prog, vers, proc, type, serial, status, then the payload.
 */

export const HEADER_BYTES = 28
/** libvirt's VIR_NET_MESSAGE_MAX: a larger frame closes the connection. */
export const FRAME_MAX_BYTES = 33_554_432

export const MessageType = {
  CALL: 0,
  REPLY: 1,
  MESSAGE: 2,
  STREAM: 3,
  CALL_WITH_FDS: 4,
  REPLY_WITH_FDS: 5,
  STREAM_HOLE: 6,
} as const
export const MessageStatus = { OK: 0, ERROR: 1, CONTINUE: 2 } as const

export interface Packet {
  program: number
  version: number
  procedure: number
  type: number
  serial: number
  status: number
  payload: Buffer
}

/** The bytes break the frame format: the connection can't be read on. */
export class FrameError extends Error {
  override name = 'FrameError'
}

/** Splits a byte stream into packets; holds at most one unfinished frame. */
export class FrameReader {
  #chunks: Buffer[] = []
  #heldBytes = 0
  #wantedBytes = 4

  /** Packets that are complete with this chunk. Throws FrameError. */
  push(chunk: Buffer): Packet[] {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    const packets: Packet[] = []
    while (this.#heldBytes >= this.#wantedBytes) {
      const bytes =
        this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#heldBytes)
      let at = 0
      this.#wantedBytes = 4
      while (bytes.length - at >= 4) {
        const lengthBytes = bytes.readUInt32BE(at)
        // Checked before waiting for it: a garbled length must not make us buffer for ever.
        if (lengthBytes < HEADER_BYTES || lengthBytes > FRAME_MAX_BYTES)
          throw new FrameError(
            `frame of ${lengthBytes} bytes, allowed are ${HEADER_BYTES} to ${FRAME_MAX_BYTES}`,
          )
        if (bytes.length - at < lengthBytes) {
          this.#wantedBytes = lengthBytes
          break
        }
        packets.push(parsePacket(bytes.subarray(at, at + lengthBytes)))
        at += lengthBytes
      }
      this.#chunks = at < bytes.length ? [bytes.subarray(at)] : []
      this.#heldBytes = bytes.length - at
      if (this.#heldBytes < 4) this.#wantedBytes = 4
    }
    return packets
  }
}

function parsePacket(frame: Buffer): Packet {
  return {
    program: frame.readUInt32BE(4),
    version: frame.readUInt32BE(8),
    procedure: frame.readInt32BE(12),
    type: frame.readUInt32BE(16),
    serial: frame.readUInt32BE(20),
    status: frame.readUInt32BE(24),
    payload: frame.subarray(HEADER_BYTES),
  }
}

/** Fills the header of a frame whose payload already stands behind HEADER_BYTES reserved ones. */
export function writeHeader(frame: Buffer, packet: Omit<Packet, 'payload'>): Buffer {
  frame.writeUInt32BE(frame.length, 0)
  frame.writeUInt32BE(packet.program, 4)
  frame.writeUInt32BE(packet.version, 8)
  frame.writeInt32BE(packet.procedure, 12)
  frame.writeUInt32BE(packet.type, 16)
  frame.writeUInt32BE(packet.serial, 20)
  frame.writeUInt32BE(packet.status, 24)
  return frame
}
