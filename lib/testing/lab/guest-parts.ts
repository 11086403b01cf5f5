import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { cpioArchive, type CpioEntry } from './cpio.ts'
import { findGuestKernel, type GuestKernel } from './guest-kernel.ts'
import { makeOnce } from './make-once.ts'
import { guestCacheDir, labSourceDir } from './paths.ts'
import { emptyRing, RECORD_FILE } from './record-format.ts'
import { run } from './run-command.ts'

export const GUEST_DISK_BYTES = 256 * 1024 * 1024

export type GuestParts = { kernel: string; initramfs: string; diskRaw: string; diskQcow2: string }

function partsIn(dir: string): GuestParts {
  return {
    kernel: join(dir, 'vmlinuz'),
    initramfs: join(dir, 'initramfs.gz'),
    diskRaw: join(dir, 'disk.raw'),
    diskQcow2: join(dir, 'disk.qcow2'),
  }
}

async function libraryEntries(program: string): Promise<{ entries: CpioEntry[]; folders: string[] }> {
  const said = await run('ldd', [program])
  const missing = /(\S+) => not found/.exec(said)
  if (missing)
    throw new Error(
      `qemu-ga needs ${missing[1]}, which this machine has not. Install the libraries of the package qemu-guest-agent.`,
    )
  // "name => /path (0x…)" or "/lib64/ld-linux… (0x…)"
  const paths = [...said.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((found) => found[1]!)
  const entries = paths.map((path): CpioEntry => ({
    path: path.slice(1),
    kind: 'file',
    mode: 0o755,
    content: readFileSync(path),
  }))
  return { entries, folders: paths.map((path) => path.slice(1, path.lastIndexOf('/'))) }
}

function withParents(folders: string[]): string[] {
  const all = folders.flatMap((folder) =>
    folder.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/')),
  )
  return [...new Set(all)].sort()
}

async function initramfs(kernel: GuestKernel): Promise<Buffer> {
  const busybox = ['/bin/busybox', '/usr/bin/busybox', '/usr/lib/initcpio/busybox'].find((path) =>
    existsSync(path),
  )
  if (!busybox)
    throw new Error('busybox is not installed: install the package busybox-static (Fedora, Arch: busybox).')
  const libraries = await libraryEntries(kernel.agentPath)
  const folders = withParents([
    'bin',
    'sbin',
    'dev',
    'proc',
    'sys',
    'mnt',
    'etc',
    'run',
    'tmp',
    'modules',
    ...libraries.folders,
  ])
  const script = (path: string, source: string): CpioEntry => ({
    path,
    kind: 'file',
    mode: 0o755,
    content: readFileSync(join(labSourceDir, source)),
  })
  return gzipSync(
    cpioArchive([
      ...folders.map((path): CpioEntry => ({ path, kind: 'folder' })),
      // The kernel opens it for PID 1 before /dev is mounted.
      { path: 'dev/console', kind: 'device', major: 5, minor: 1 },
      { path: 'bin/busybox', kind: 'file', mode: 0o755, content: readFileSync(busybox) },
      { path: 'sbin/qemu-ga', kind: 'file', mode: 0o755, content: readFileSync(kernel.agentPath) },
      script('init', 'guest-init.sh'),
      script('sbin/shutdown', 'guest-shutdown.sh'),
      ...libraries.entries,
      ...kernel.modules.map(({ name, content }): CpioEntry => ({
        path: `modules/${name}.ko`,
        kind: 'file',
        mode: 0o644,
        content,
      })),
      {
        path: 'modules/order',
        kind: 'file',
        mode: 0o644,
        content: Buffer.from(kernel.modules.map(({ name }) => `${name}\n`).join('')),
      },
    ]),
    { level: 9 },
  )
}

async function makeDisks(parts: GuestParts, workDir: string): Promise<void> {
  const tree = join(workDir, 'disk')
  mkdirSync(tree)
  writeFileSync(join(tree, RECORD_FILE), emptyRing())
  writeFileSync(parts.diskRaw, '')
  truncateSync(parts.diskRaw, GUEST_DISK_BYTES)
  // No lazy initialisation: an idle guest writes nothing but its records.
  await run('mkfs.ext4', [
    '-q',
    '-F',
    '-d',
    tree,
    '-E',
    'lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0',
    '-J',
    'size=4',
    '-m',
    '0',
    parts.diskRaw,
  ])
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', parts.diskRaw, parts.diskQcow2])
}

/** Kernel, initramfs and base disks of every guest: built once, then taken from the cache. */
export async function guestParts(say: (line: string) => void = () => {}): Promise<GuestParts> {
  const dir = guestCacheDir()
  await makeOnce(dir, async (fresh) => {
    say("building the guest: Debian's cloud kernel, busybox and the guest agent (once)")
    const work = join(fresh, 'work')
    mkdirSync(work)
    const parts = partsIn(fresh)
    const kernel = await findGuestKernel(work)
    writeFileSync(parts.kernel, kernel.image)
    writeFileSync(parts.initramfs, await initramfs(kernel))
    await makeDisks(parts, work)
    rmSync(work, { recursive: true })
  })
  return partsIn(dir)
}
