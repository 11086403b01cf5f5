import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run-command.ts'

export type Distribution = 'debian' | 'ubuntu' | 'fedora' | 'arch'

export type Tool = {
  /** As the sentence about what is missing names it. */
  name: string
  /** Undefined when all is well, else what is wrong with it. */
  fault: () => Promise<string | undefined>
  packages: Record<Distribution, string[]>
  /** Debian 12's own version is too old: its packages come from backports. */
  fromBackports?: boolean
  forTestsOnly?: boolean
  forBenchOnly?: boolean
}

const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin']

function find(program: string): string | undefined {
  return [...(process.env.PATH ?? '').split(':'), ...SBIN]
    .map((dir) => join(dir, program))
    .find((path) => existsSync(path))
}

const program = (name: string) => async () => (find(name) ? undefined : 'is missing')

/** 11 of "libvirtd (libvirt) 11.3.0", 10 of "QEMU emulator version 10.0.2 (Debian …)". */
export function majorVersion(said: string): number | undefined {
  const found = /(\d+)\.\d+\.\d+/.exec(said)
  return found ? Number(found[1]) : undefined
}

const atLeast = (name: string, major: number) => async () => {
  const path = find(name)
  if (!path) return 'is missing'
  const said = await run(path, ['--version'], { timeoutMs: 20_000 })
  const version = majorVersion(said)
  return version !== undefined && version >= major
    ? undefined
    : `is too old: ${said.split('\n')[0]}, ${major} or later is needed`
}

const LIBRARY_DIRS = ['/usr/lib', '/usr/lib64']

async function storageDriverFault(): Promise<string | undefined> {
  const places = LIBRARY_DIRS.filter((dir) => existsSync(dir)).flatMap((dir) => [
    dir,
    ...readdirSync(dir)
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(dir, name)),
  ])
  return places.some((dir) => existsSync(join(dir, 'libvirt/connection-driver/libvirt_driver_storage.so')))
    ? undefined
    : 'is missing'
}

const same = (...names: string[]): Record<Distribution, string[]> => ({
  debian: names,
  ubuntu: names,
  fedora: names,
  arch: names,
})

export const TOOLS: Tool[] = [
  {
    name: 'libvirtd 11 or later',
    fault: atLeast('libvirtd', 11),
    fromBackports: true,
    packages: { ...same('libvirt-daemon', 'libvirt-daemon-driver-qemu'), arch: ['libvirt'] },
  },
  {
    // Debian's libvirt-daemon only recommends it.
    name: 'the storage driver of libvirt',
    fault: storageDriverFault,
    fromBackports: true,
    packages: { ...same('libvirt-daemon-driver-storage'), arch: ['libvirt'] },
  },
  {
    name: 'virsh',
    fault: program('virsh'),
    fromBackports: true,
    packages: { ...same('libvirt-clients'), fedora: ['libvirt-client'], arch: ['libvirt'] },
  },
  {
    name: 'QEMU 10 or later',
    fault: atLeast('qemu-system-x86_64', 10),
    fromBackports: true,
    packages: { ...same('qemu-system-x86'), fedora: ['qemu-system-x86-core'], arch: ['qemu-system-x86'] },
  },
  {
    name: 'qemu-img',
    fault: atLeast('qemu-img', 10),
    fromBackports: true,
    packages: { ...same('qemu-utils'), fedora: ['qemu-img'], arch: ['qemu-img'] },
  },
  { name: 'mkfs.ext4', fault: program('mkfs.ext4'), packages: same('e2fsprogs') },
  { name: 'debugfs', fault: program('debugfs'), packages: same('e2fsprogs') },
  {
    name: 'busybox',
    fault: program('busybox'),
    packages: { ...same('busybox-static'), fedora: ['busybox'], arch: ['busybox'] },
  },
  { name: 'setpriv', fault: program('setpriv'), packages: same('util-linux') },
  {
    name: 'the guest agent',
    packages: { ...same(), fedora: ['qemu-guest-agent'], arch: ['qemu-guest-agent'] },
    // Debian's and Ubuntu's are fetched as a package file and put into the guest, not installed.
    fault: async () => (find('apt-get') || find('qemu-ga') ? undefined : 'is missing'),
  },
  // Breaks and slows the writes of a QEMU (e2e/faults).
  { name: 'strace', fault: program('strace'), packages: same('strace'), forTestsOnly: true },
  {
    name: 'Chromium',
    fault: program('chromium'),
    packages: { ...same('chromium'), ubuntu: ['chromium-browser'] },
    forTestsOnly: true,
  },
  {
    // Debian's own python3: what a python3 earlier in PATH has is not Debian's libvirt.
    name: 'python3-libvirt',
    packages: { ...same('python3-libvirt'), arch: ['libvirt-python'] },
    forBenchOnly: true,
    fault: () =>
      run('/usr/bin/python3', ['-c', 'import libvirt'], { timeoutMs: 20_000 }).then(
        () => undefined,
        () => 'is missing',
      ),
  },
]
