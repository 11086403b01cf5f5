// A guest without a system that writes as hard as the disk takes it: 16-bit code in the first sector.

const FIRST_LBA = 2048
const SECTORS_PER_WRITE = 64

/** Writes 32 kB after 32 kB from sector 2048 to the disk's end, then again, through the BIOS (int 13h, function 43h). */
export function writerBootSector(diskBytes: number): Buffer {
  const dap = 0x7c40
  const lba = dap + 8
  const word = (n: number) => [n & 0xff, (n >> 8) & 0xff]
  const dword = (n: number) => [...word(n), ...word(n >>> 16)]
  const lastStart = Math.floor(diskBytes / 512) - SECTORS_PER_WRITE
  const code = [
    0x31,
    0xc0,
    0x8e,
    0xd8,
    0x8e,
    0xd0, // xor ax,ax; mov ds,ax; mov ss,ax
    0xbc,
    ...word(0x7c00),
    0xfb, // mov sp,7c00; sti
    0xbe,
    ...word(dap), // 0a: mov si,dap
    0xb8,
    0x00,
    0x43,
    0xb2,
    0x80,
    0xcd,
    0x13, // mov ax,4300; mov dl,80; int 13
    0x66,
    0x81,
    0x06,
    ...word(lba),
    ...dword(SECTORS_PER_WRITE), // 14: add dword [lba],64
    0x66,
    0x81,
    0x3e,
    ...word(lba),
    ...dword(lastStart), // 1d: cmp dword [lba],last
    0x76,
    0xe2, // 26: jbe 0a
    0x66,
    0xc7,
    0x06,
    ...word(lba),
    ...dword(FIRST_LBA), // 28: mov dword [lba],first
    0xeb,
    0xd7, // 31: jmp 0a
  ]
  const sector = Buffer.alloc(512)
  sector.set(code, 0)
  sector.set(
    [0x10, 0, SECTORS_PER_WRITE, 0, ...word(0x8000), ...word(0), ...dword(FIRST_LBA), ...dword(0)],
    dap - 0x7c00,
  )
  sector.set([0x55, 0xaa], 510)
  return sector
}
