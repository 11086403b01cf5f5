import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { copySparse } from './copy-sparse.ts'
import { type DiskSpec } from './domain-xml.ts'
import { type GuestDisk, type GuestOptions } from './guest.ts'
import { GUEST_DISK_BYTES, type GuestParts } from './guest-parts.ts'
import { type LabUser } from './lab-user.ts'
import { run } from './run-command.ts'
import { sleeperBootSector } from './sleeper-boot-sector.ts'
import { writerBootSector } from './writer-boot-sector.ts'

/** A file name for any guest name: libvirt allows what a file name does not. */
export function imageName(guest: string, target: string, format: string): string {
  return `${guest.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 60)}-${target}.${format === 'raw' ? 'img' : format}`
}

function bootSectorOf(system: GuestOptions['system'], diskBytes: number): Buffer | null {
  if (system === 'writer') return writerBootSector(diskBytes)
  return system === 'sleeper' ? sleeperBootSector() : null
}

async function makeBlank(
  path: string,
  format: 'raw' | 'qcow2',
  bytes: number,
  bootSector: Buffer | null,
): Promise<void> {
  const raw = format === 'raw' ? path : `${path}.raw`
  writeFileSync(raw, '')
  truncateSync(raw, bytes)
  if (bootSector) {
    const file = openSync(raw, 'r+')
    writeSync(file, bootSector, 0, 512, 0)
    closeSync(file)
  }
  if (format === 'qcow2') {
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, path])
    await run('rm', [raw])
  }
}

export type DiskMaker = { imagesDir: string; user: LabUser; parts: () => Promise<GuestParts> }

/** The disk with its file made and given to the guests' user. A cdrom without a path is an empty drive. */
export async function makeDisk(
  maker: DiskMaker,
  guest: string,
  disk: GuestDisk,
  index: number,
  system: NonNullable<GuestOptions['system']>,
): Promise<DiskSpec> {
  if (disk.path !== undefined || disk.network || disk.volume || disk.device === 'cdrom') return disk
  const target = disk.target ?? `vd${String.fromCharCode(97 + index)}`
  const format = disk.format ?? 'qcow2'
  const path = join(maker.imagesDir, imageName(guest, target, format))
  if (disk.content === 'blank' || system === 'writer' || system === 'sleeper') {
    const bytes = disk.virtualBytes ?? GUEST_DISK_BYTES
    await makeBlank(path, format, bytes, index === 0 ? bootSectorOf(system, bytes) : null)
  } else {
    const parts = await maker.parts()
    const from = format === 'raw' ? parts.diskRaw : parts.diskQcow2
    await copySparse(from, path)
    if (disk.virtualBytes)
      await run('qemu-img', ['resize', '-q', '-f', format, path, String(disk.virtualBytes)])
  }
  maker.user.own(path)
  return { ...disk, target, format, path }
}
