import { describe, expect, it, vi } from 'vitest'
import { codecOf } from './codec.ts'
import { QEMU, REMOTE, STRUCTS } from './procedures.generated.ts'
import { XdrReader, XdrWriter } from './xdr.ts'

function encode(schema: string, value: Record<string, unknown>): Buffer {
  const writer = new XdrWriter()
  codecOf(schema).write(writer, value as never)
  return Buffer.from(writer.finish())
}
const decode = (schema: string, bytes: Buffer) =>
  codecOf(schema).read(new XdrReader(bytes)) as Record<string, unknown>

describe('XDR as libvirt writes it (WIRE.md, section 2)', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['a:int', { a: -2 }, 'fffffffe'],
    ['a:uint', { a: 0xffff_ffff }, 'ffffffff'],
    ['a:hyper', { a: -1n }, 'ffffffffffffffff'],
    ['a:uhyper', { a: 2n ** 64n - 1n }, 'ffffffffffffffff'],
    ['a:double', { a: 1 }, '3ff0000000000000'],
    ['a:string', { a: 'vda' }, '0000000376646100'],
    ['a:string', { a: 'é漢' }, '00000005c3a9e6bca2000000'],
    ['a:string', { a: '' }, '00000000'],
    ['a:string?', { a: null }, '00000000'],
    ['a:string?', { a: 'x' }, '000000010000000178000000'],
    ['a:opaque[3]', { a: Buffer.from([1, 2, 3]) }, '01020300'],
    ['a:opaque<8>', { a: Buffer.from([1, 2, 3]) }, '0000000301020300'],
    ['a:int[]<=4', { a: [1, 2] }, '000000020000000100000002'],
    ['a:char[2]', { a: Uint8Array.of(65, 66) }, '0000004100000042'],
    ['a:char[]<=4', { a: Uint8Array.of(65) }, '0000000100000041'],
    [
      'a:typed_param[]<=2',
      {
        a: [
          { field: 'f', value: { type: 'ullong', value: 5n } },
          { field: 'g', value: { type: 'boolean', value: true } },
        ],
      },
      '0000000200000001660000000000000400000000000000050000000167000000' + '0000000600000001',
    ],
  ])('%s', (schema, value, hex) => {
    const bytes = encode(schema, value)
    expect(bytes.toString('hex')).toBe(hex)
    const back = decode(schema, bytes).a
    expect(back instanceof Uint8Array ? [...back] : back).toEqual(
      value.a instanceof Uint8Array ? [...value.a] : value.a,
    )
  })

  it.each<[string, string, RegExp]>([
    ['a:int', '0000', /4 bytes expected/],
    ['a:string', '00000004766461', /4 bytes expected/],
    ['a:string', 'ffffffff', /over the maximum/],
    ['a:string?', '00000002', /over the maximum 1/],
    ['a:int[]<=4', '00000005', /over the maximum 4/],
    ['a:domain[]<=16384', '00004000', /4 bytes expected/],
    ['a:char[]<=65536', '00010000', /characters expected/],
    ['a:typed_value', '00000009', /unknown typed parameter type 9/],
  ])('%s refuses %s instead of waiting or making something up', (schema, hex, message) => {
    expect(() => decode(schema, Buffer.from(hex, 'hex'))).toThrow(message)
  })

  it('refuses to send what would be cut or too long', () => {
    expect(() => encode('a:string', { a: 'a\0b' })).toThrow(/NUL/)
    expect(() => encode('a:string', { a: 'x'.repeat(4_194_305) })).toThrow(/over the maximum/)
    expect(() => encode('a:opaque[16]', { a: Buffer.alloc(15) })).toThrow(/16 bytes expected, 15 given/)
    expect(() => encode('a:int[]<=1', { a: [1, 2] })).toThrow(/over the maximum 1/)
  })

  it('has a codec for every field of the table', () => {
    const schemas = [
      ...Object.values(STRUCTS),
      ...[...Object.values(REMOTE), ...Object.values(QEMU)].flatMap(([, args, result]) => [args, result]),
    ]
    expect(schemas.length).toBeGreaterThan(900)
    for (const schema of schemas) expect(() => codecOf(schema)).not.toThrow()
  })
})

it('pads with zeros, whatever the memory held before', () => {
  const dirty = vi.spyOn(Buffer, 'allocUnsafe').mockImplementation((size) => Buffer.alloc(size, 0xff))
  try {
    const long = 'x'.repeat(1_001)
    expect(
      encode('a:string b:opaque[2] c:string', { a: 'a', b: new Uint8Array([1, 2]), c: long }).toString('hex'),
    ).toBe(`000000016100000001020000000003e9${'78'.repeat(1_001)}000000`)
  } finally {
    dirty.mockRestore()
  }
})
