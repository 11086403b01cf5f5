// A guest without a system that goes to sleep when a key is pressed: 16-bit code in the first sector.

/**
 * Waits for a key, then writes SLP_EN with the type of S3 to the ACPI port of the machine q35 (0x604), which suspends it to memory.
 * Woken up it boots anew, for it left its BIOS no place to go on at, and waits for the next key.
 */
export function sleeperBootSector(): Buffer {
  const sector = Buffer.alloc(512)
  sector.set([
    0x31,
    0xc0,
    0xcd,
    0x16, // xor ax,ax; int 16
    0xba,
    0x04,
    0x06, // mov dx,0604
    0xb8,
    0x00,
    0x24,
    0xef, // mov ax,2400; out dx,ax
    0xf4,
    0xeb,
    0xfe, // hlt; 0c: jmp 0c
  ])
  sector.set([0x55, 0xaa], 510)
  return sector
}
