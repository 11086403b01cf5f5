import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FRAME_MAX_BYTES, FrameReader, HEADER_BYTES, type Packet } from './frames.ts'

// What libvirtd 11.3 sent in one session with its test driver (recorded 2026-11-24 through a socket in between).
const recorded = readFileSync(new URL('./recorded/test-driver-session.bin', import.meta.url))
const whole = new FrameReader().push(recorded)
const plain = (packets: Packet[]) =>
  packets.map((packet) => ({ ...packet, payload: packet.payload.toString('hex') }))

describe('frames of a recorded session', () => {
  it('are the replies and events that were seen', () => {
    expect(whole.map((packet) => packet.type)).toContain(2)
    expect(whole.filter((packet) => packet.status === 1)).toHaveLength(1)
    expect(whole.reduce((sum, packet) => sum + HEADER_BYTES + packet.payload.length, 0)).toBe(recorded.length)
  })

  it('come out the same when split at every offset', () => {
    const expected = JSON.stringify(plain(whole))
    for (let at = 0; at <= recorded.length; at++) {
      const reader = new FrameReader()
      const packets = [...reader.push(recorded.subarray(0, at)), ...reader.push(recorded.subarray(at))]
      if (JSON.stringify(plain(packets)) !== expected) expect.fail(`differs when split at ${at}`)
    }
  })

  it('come out the same byte by byte', () => {
    const reader = new FrameReader()
    const packets = [...recorded].flatMap((byte) => reader.push(Buffer.from([byte])))
    expect(plain(packets)).toEqual(plain(whole))
  })

  it('wait for the rest when cut', () => {
    const reader = new FrameReader()
    expect(reader.push(recorded.subarray(0, -1))).toHaveLength(whole.length - 1)
  })
})

describe('lengths that no daemon sends', () => {
  const lengthOf = (bytes: number) => {
    const buffer = Buffer.alloc(4)
    buffer.writeUInt32BE(bytes)
    return buffer
  }

  it.each([0, 1, HEADER_BYTES - 1, FRAME_MAX_BYTES + 1, 0xffff_ffff])(
    '%i is refused at once, before a byte is waited for',
    (bytes) => {
      expect(() => new FrameReader().push(lengthOf(bytes))).toThrow(/allowed are/)
    },
  )

  it.each([HEADER_BYTES, FRAME_MAX_BYTES])('%i is waited for', (bytes) => {
    expect(new FrameReader().push(lengthOf(bytes))).toEqual([])
  })

  it('text is refused', () => {
    expect(() => new FrameReader().push(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow(/allowed are/)
  })
})
