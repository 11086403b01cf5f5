import { STRUCTS } from './procedures.generated.ts'
import type { Fields, TypedValue } from './schema-types.ts'
import { XdrError, type XdrReader, type XdrWriter } from './xdr.ts'

interface Codec<T> {
  read(reader: XdrReader): T
  write(writer: XdrWriter, value: T): void
}

const scalar = <T>(
  read: (reader: XdrReader) => T,
  write: (writer: XdrWriter, value: T) => void,
): Codec<T> => ({ read, write })
const int = scalar(
  (r) => r.int(),
  (w, value: number) => w.int(value),
)
const uint = scalar(
  (r) => r.uint(),
  (w, value: number) => w.uint(value),
)
const string = scalar(
  (r) => r.string(),
  (w, value: string) => w.string(value),
)

const TYPED = ['int', 'uint', 'llong', 'ullong', 'double', 'boolean', 'string'] as const

const typedValue: Codec<TypedValue> = {
  read(r) {
    const discriminant = r.int()
    const type = TYPED[discriminant - 1]
    if (type === undefined) throw new XdrError(`unknown typed parameter type ${discriminant}`)
    switch (type) {
      case 'int':
        return { type, value: r.int() }
      case 'uint':
        return { type, value: r.uint() }
      case 'llong':
        return { type, value: r.hyper() }
      case 'ullong':
        return { type, value: r.uhyper() }
      case 'double':
        return { type, value: r.double() }
      case 'boolean':
        return { type, value: r.int() !== 0 }
      case 'string':
        return { type, value: r.string() }
    }
  },
  write(w, typed) {
    w.int(TYPED.indexOf(typed.type) + 1)
    switch (typed.type) {
      case 'int':
        return w.int(typed.value)
      case 'uint':
        return w.uint(typed.value)
      case 'llong':
        return w.hyper(typed.value)
      case 'ullong':
        return w.uhyper(typed.value)
      case 'double':
        return w.double(typed.value)
      case 'boolean':
        return w.int(typed.value ? 1 : 0)
      case 'string':
        return w.string(typed.value)
    }
  },
}

const SCALARS: Record<string, Codec<unknown>> = {
  int,
  uint,
  string,
  hyper: scalar(
    (r) => r.hyper(),
    (w, value: bigint) => w.hyper(value),
  ),
  uhyper: scalar(
    (r) => r.uhyper(),
    (w, value: bigint) => w.uhyper(value),
  ),
  double: scalar(
    (r) => r.double(),
    (w, value: number) => w.double(value),
  ),
  // One of these takes 4 bytes, also inside an array (WIRE.md, section 2).
  char: int,
  uchar: uint,
  ushort: uint,
  typed_value: typedValue,
}

function optional(inner: Codec<unknown>): Codec<unknown> {
  return {
    read: (r) => (r.count(1) === 1 ? inner.read(r) : null),
    write(w, value) {
      w.uint(value === null || value === undefined ? 0 : 1)
      if (value !== null && value !== undefined) inner.write(w, value)
    },
  }
}

function array(inner: Codec<unknown>, maximum: number): Codec<unknown> {
  return {
    read(r) {
      const count = r.count(maximum)
      const values: unknown[] = []
      for (let i = 0; i < count; i++) values.push(inner.read(r))
      return values
    },
    write(w, value) {
      const values = value as unknown[]
      w.count(values.length, maximum)
      for (const each of values) inner.write(w, each)
    },
  }
}

/** char[n] and char[]<=n: 4 bytes a character. */
function characters(fixed: number | null, maximum: number): Codec<unknown> {
  return {
    read(r) {
      const count = fixed ?? r.count(maximum)
      if (count * 4 > r.remainingBytes)
        throw new XdrError(`${count} characters expected, ${r.remainingBytes} bytes left`)
      return Uint8Array.from({ length: count }, () => r.int() & 0xff)
    },
    write(w, value) {
      const bytes = value as Uint8Array
      if (fixed === null) w.count(bytes.length, maximum)
      for (const byte of bytes) w.int(byte)
    },
  }
}

function typeCodec(type: string): Codec<unknown> {
  if (type.endsWith('?')) return optional(typeCodec(type.slice(0, -1)))
  const fixedOpaque = /^opaque\[(\d+)\]$/.exec(type)
  if (fixedOpaque) {
    const lengthBytes = Number(fixedOpaque[1])
    return {
      read: (r) => r.fixedOpaque(lengthBytes),
      write: (w, value) => w.fixedOpaque(value as Uint8Array, lengthBytes),
    }
  }
  const opaque = /^opaque<(\d+)>$/.exec(type)
  if (opaque) {
    const maximumBytes = Number(opaque[1])
    return {
      read: (r) => r.opaque(maximumBytes),
      write: (w, value) => w.opaque(value as Uint8Array, maximumBytes),
    }
  }
  const bounded = /^(.+)\[\]<=(\d+)$/.exec(type)
  if (bounded?.[1])
    return bounded[1] === 'char'
      ? characters(null, Number(bounded[2]))
      : array(typeCodec(bounded[1]), Number(bounded[2]))
  const fixed = /^char\[(\d+)\]$/.exec(type)
  if (fixed) return characters(Number(fixed[1]), 0)
  const known = SCALARS[type]
  if (known) return known
  const struct =
    type === 'typed_param' ? 'field:string value:typed_value' : (STRUCTS as Record<string, string>)[type]
  if (struct === undefined) throw new Error(`node-libvirt: the schema names an unknown type ${type}`)
  return fieldsCodec(struct)
}

const compiled = new Map<string, Codec<Record<string, unknown>>>()

function fieldsCodec(schema: string): Codec<Record<string, unknown>> {
  const before = compiled.get(schema)
  if (before) return before
  const fields =
    schema === ''
      ? []
      : schema.split(' ').map((field) => {
          const colon = field.indexOf(':')
          return { name: field.slice(0, colon), codec: typeCodec(field.slice(colon + 1)) }
        })
  const codec: Codec<Record<string, unknown>> = {
    read(r) {
      const result: Record<string, unknown> = {}
      for (const field of fields) result[field.name] = field.codec.read(r)
      return result
    },
    write(w, value) {
      for (const field of fields) field.codec.write(w, value[field.name])
    },
  }
  compiled.set(schema, codec)
  return codec
}

/** Codec of one schema string of the table; compiled once. */
export function codecOf<S extends string>(schema: S): Codec<Fields<S>> {
  return fieldsCodec(schema) as Codec<unknown> as Codec<Fields<S>>
}
