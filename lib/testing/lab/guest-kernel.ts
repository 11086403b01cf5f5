import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { basename, join } from 'node:path'
import { run, runBytes } from './run-command.ts'

/** Drivers the guest needs; what they depend on is read from the modules themselves. */
const WANTED = ['virtio_pci', 'virtio_blk', 'virtio_console', 'ext4']
const DOWNLOAD_LIMIT_MS = 300_000

export type GuestKernel = {
  image: Buffer
  /** In the order they must be loaded. */
  modules: { name: string; content: Buffer }[]
  /** qemu-ga's own file on this machine. */
  agentPath: string
}

async function has(command: string): Promise<boolean> {
  return run('sh', ['-c', `command -v ${command}`]).then(
    () => true,
    () => false,
  )
}

/** Package files, unpacked into a folder of ours: nothing is installed on the machine. */
async function unpackDebian(packages: string[], workDir: string): Promise<string> {
  const debs = join(workDir, 'debs')
  const tree = join(workDir, 'tree')
  mkdirSync(debs, { recursive: true })
  // _apt, which root's apt downloads as, may not enter /root: told to stay root, it needs not.
  await run('apt-get', ['download', '-o', 'APT::Sandbox::User=root', ...packages], {
    cwd: debs,
    timeoutMs: DOWNLOAD_LIMIT_MS,
  }).catch((cause: Error) => {
    throw new Error(`${cause.message} If apt’s lists are old, run \`apt-get update\` and start again.`, {
      cause,
    })
  })
  for (const deb of readdirSync(debs)) await run('dpkg', ['-x', join(debs, deb), tree])
  return tree
}

/** The kernel that Debian's meta package names, or Ubuntu's. */
async function kernelPackages(): Promise<string[]> {
  for (const meta of ['linux-image-cloud-amd64', 'linux-image-kvm', 'linux-image-virtual']) {
    const said = await run('apt-cache', ['depends', meta]).catch(() => '')
    const image = /Depends: (linux-image-\S*\d\S*)/.exec(said)?.[1]
    if (!image) continue
    const modules = image.replace('linux-image-', 'linux-modules-')
    const split = await run('apt-cache', ['show', modules]).then(
      (text) => text.includes('Package:'),
      () => false,
    )
    return split ? [image, modules] : [image]
  }
  throw new Error(
    'apt knows no kernel for the guests (linux-image-cloud-amd64, linux-image-kvm or linux-image-virtual). Run `apt-get update` and start again.',
  )
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

async function moduleBytes(path: string): Promise<Buffer> {
  if (path.endsWith('.xz')) return runBytes('xz', ['-dc', path])
  if (path.endsWith('.zst')) return runBytes('zstd', ['-dc', path])
  if (path.endsWith('.gz')) return runBytes('gzip', ['-dc', path])
  return readFileSync(path)
}

const moduleName = (path: string) =>
  basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_')

/** Modules in load order. A driver that is no module is built in, or the guest will say that it has no disk. */
async function modulesInOrder(modulesDir: string): Promise<GuestKernel['modules']> {
  const files = new Map(
    filesBelow(modulesDir)
      .filter((path) => /\.ko(\.\w+)?$/.test(path))
      .map((path) => [moduleName(path), path]),
  )
  const ordered: GuestKernel['modules'] = []
  const seen = new Set<string>()
  const load = async (name: string) => {
    const path = files.get(name)
    if (!path || seen.has(name)) return
    seen.add(name)
    const content = await moduleBytes(path)
    const depends = /\0depends=([^\0]*)\0/.exec(content.toString('latin1'))?.[1] ?? ''
    for (const needed of depends.split(',').filter(Boolean)) await load(needed.replaceAll('-', '_'))
    ordered.push({ name, content })
  }
  for (const name of WANTED) await load(name)
  return ordered
}

export async function findGuestKernel(workDir: string): Promise<GuestKernel> {
  if (await has('apt-get')) {
    const tree = await unpackDebian([...(await kernelPackages()), 'qemu-guest-agent'], workDir)
    const boot = join(tree, 'boot')
    const image = readdirSync(boot).find((name) => name.startsWith('vmlinuz-'))
    const modules = ['lib/modules', 'usr/lib/modules']
      .map((path) => join(tree, path))
      .find((path) => existsSync(path))
    if (!image || !modules)
      throw new Error(`The kernel package unpacked in ${tree} holds no kernel image or no modules.`)
    const agent = ['usr/sbin/qemu-ga', 'usr/bin/qemu-ga']
      .map((path) => join(tree, path))
      .find((path) => existsSync(path))
    if (!agent) throw new Error(`The package qemu-guest-agent unpacked in ${tree} holds no qemu-ga.`)
    return {
      image: readFileSync(join(boot, image)),
      modules: await modulesInOrder(modules),
      agentPath: agent,
    }
  }
  // Fedora and Arch keep the running kernel readable beside its modules.
  const modules = join('/usr/lib/modules', release())
  const image = join(modules, 'vmlinuz')
  if (!existsSync(image))
    throw new Error(
      `There is no kernel for the guests: ${image} does not exist. Install your distribution's kernel package.`,
    )
  const agent = ['/usr/bin/qemu-ga', '/usr/sbin/qemu-ga'].find((path) => existsSync(path))
  if (!agent) throw new Error('qemu-ga is not installed: install the package qemu-guest-agent.')
  return { image: readFileSync(image), modules: await modulesInOrder(modules), agentPath: agent }
}
