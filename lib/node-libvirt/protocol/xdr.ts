/** XDR (RFC 4506) as libvirt uses it: big-endian, everything padded with zeros to 4 bytes. */

/** libvirt's REMOTE_STRING_MAX, bytes. */
export const STRING_MAX_BYTES = 4_194_304

/** The bytes are not what the schema says. */
export class XdrError extends Error {
  override name = 'XdrError'
}

const padded = (lengthBytes: number) => (lengthBytes + 3) & ~3

/** Reads one payload; every read checks that the bytes are there. */
export class XdrReader {
  #at = 0
  readonly #bytes: Buffer
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get remainingBytes(): number {
    return this.#bytes.length - this.#at
  }

  #take(lengthBytes: number): number {
    if (lengthBytes > this.remainingBytes)
      throw new XdrError(`${lengthBytes} bytes expected at offset ${this.#at}, ${this.remainingBytes} left`)
    const at = this.#at
    this.#at += lengthBytes
    return at
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }
  uint(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }
  hyper(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }
  uhyper(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8))
  }
  double(): number {
    return this.#bytes.readDoubleBE(this.#take(8))
  }
  /** A copy, so that a small field does not keep a whole reply in memory. */
  fixedOpaque(lengthBytes: number): Buffer {
    const at = this.#take(padded(lengthBytes))
    return Buffer.from(this.#bytes.subarray(at, at + lengthBytes))
  }
  opaque(maximumBytes: number): Buffer {
    return this.fixedOpaque(this.count(maximumBytes))
  }
  string(): string {
    const lengthBytes = this.count(STRING_MAX_BYTES)
    const at = this.#take(padded(lengthBytes))
    return this.#bytes.toString('utf8', at, at + lengthBytes)
  }
  /** A length word, checked against the schema's maximum before anything is made of that size. */
  count(maximum: number): number {
    const count = this.uint()
    if (count > maximum) throw new XdrError(`count ${count} is over the maximum ${maximum}`)
    return count
  }
}

const FIRST_SIZE_BYTES = 256

/** Builds one payload in a buffer that grows; of Node's pool, which costs no allocation of its own for each call. */
export class XdrWriter {
  #bytes: Buffer
  #length: number
  /** `reservedBytes` are left at the front for the frame's header, which must write all of them. */
  constructor(reservedBytes = 0) {
    this.#bytes = Buffer.allocUnsafe(FIRST_SIZE_BYTES + reservedBytes)
    this.#length = reservedBytes
  }

  #grow(lengthBytes: number): number {
    const at = this.#length
    this.#length += lengthBytes
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    return at
  }

  /** Room for bytes of any length; what pads them is zero, for the pool's old content must not leave the process. */
  #growPadded(lengthBytes: number): number {
    const at = this.#grow(padded(lengthBytes))
    for (let pad = at + lengthBytes; pad < this.#length; pad++) this.#bytes[pad] = 0
    return at
  }

  int(value: number): void {
    const at = this.#grow(4)
    this.#bytes.writeInt32BE(value, at)
  }
  uint(value: number): void {
    const at = this.#grow(4)
    this.#bytes.writeUInt32BE(value, at)
  }
  hyper(value: bigint): void {
    const at = this.#grow(8)
    this.#bytes.writeBigInt64BE(value, at)
  }
  uhyper(value: bigint): void {
    const at = this.#grow(8)
    this.#bytes.writeBigUInt64BE(value, at)
  }
  double(value: number): void {
    const at = this.#grow(8)
    this.#bytes.writeDoubleBE(value, at)
  }
  fixedOpaque(value: Uint8Array, lengthBytes: number): void {
    if (value.length !== lengthBytes)
      throw new XdrError(`${lengthBytes} bytes expected, ${value.length} given`)
    const at = this.#growPadded(lengthBytes)
    this.#bytes.set(value, at)
  }
  opaque(value: Uint8Array, maximumBytes: number): void {
    this.count(value.length, maximumBytes)
    this.fixedOpaque(value, value.length)
  }
  string(value: string): void {
    // A NUL would silently cut the string in libvirt's C code: "a\0b" would act on "a".
    if (value.includes('\0')) throw new XdrError('a string for libvirt must not hold a NUL character')
    const lengthBytes = Buffer.byteLength(value)
    this.count(lengthBytes, STRING_MAX_BYTES)
    const at = this.#growPadded(lengthBytes)
    this.#bytes.write(value, at, 'utf8')
  }
  count(count: number, maximum: number): void {
    if (count > maximum) throw new XdrError(`${count} is over the maximum ${maximum}`)
    this.uint(count)
  }
  /** The finished bytes, without copying. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}
