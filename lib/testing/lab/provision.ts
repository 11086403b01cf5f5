import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  BACKPORTS_FILE,
  BACKPORTS_SUITE,
  backportsSource,
  installLines,
  packagesOf,
  thisSystem,
} from './install-lines.ts'
import { cacheDir, guestCacheDir } from './paths.ts'
import { runLogged } from './run-logged.ts'
import { run } from './run-command.ts'
import { type Tool, TOOLS } from './tools.ts'

const APT_LIMIT_MS = 15 * 60_000

type Missing = { tool: Tool; fault: string }

async function missingTools({
  forTests = false,
  forBench = false,
}: Omit<ProvisionOptions, 'say'>): Promise<Missing[]> {
  const asked = await Promise.all(
    TOOLS.filter((tool) => (forTests || !tool.forTestsOnly) && (forBench || !tool.forBenchOnly)).map(
      async (tool) => ({ tool, fault: await tool.fault() }),
    ),
  )
  return asked.flatMap(({ tool, fault }) => (fault === undefined ? [] : [{ tool, fault }]))
}

/** The mirror that this machine already gets its Debian from. */
function debianMirror(): string {
  const dir = '/etc/apt/sources.list.d'
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(dir) ? readdirSync(dir).map((name) => join(dir, name)) : []),
  ].filter((path) => existsSync(path))
  for (const file of files) {
    const found = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(https?:\/\/\S+\/debian)\/?(?:\s|$)/m.exec(
      readFileSync(file, 'utf8'),
    )
    if (found) return found[1]!
  }
  return 'http://deb.debian.org/debian'
}

async function apt(log: string, args: string[]): Promise<void> {
  await runLogged('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    log,
    timeoutMs: APT_LIMIT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}

async function installOnDebian(
  missing: Missing[],
  isBookworm: boolean,
  log: string,
  say: (line: string) => void,
): Promise<void> {
  const fromBackports = isBookworm ? missing.filter(({ tool }) => tool.fromBackports) : []
  const plain = missing.filter((entry) => !fromBackports.includes(entry))
  if (
    fromBackports.length > 0 &&
    !(await run('apt-cache', ['policy'])).includes(BACKPORTS_SUITE) &&
    !existsSync(BACKPORTS_FILE)
  ) {
    say(
      `adding Debian's ${BACKPORTS_SUITE} as ${BACKPORTS_FILE}: Debian 12's own libvirt and QEMU are too old (delete the file to undo)`,
    )
    writeFileSync(BACKPORTS_FILE, backportsSource(debianMirror()))
  }
  say(`fetching Debian's package lists (log: ${log})`)
  await apt(log, ['update'])
  const install = async (entries: Missing[], options: string[]) => {
    const packages = packagesOf(
      entries.map(({ tool }) => tool),
      'debian',
    )
    if (packages.length === 0) return
    say(`installing ${packages.join(', ')} from Debian (log: ${log})`)
    await apt(log, ['install', '-y', '--no-install-recommends', ...options, ...packages])
  }
  await install(fromBackports, ['-t', BACKPORTS_SUITE])
  await install(plain, [])
}

/** Guests are made from package files: apt must know where they are. */
async function haveListsForGuest(log: string, say: (line: string) => void): Promise<void> {
  if (existsSync(guestCacheDir()) || process.getuid!() !== 0) return
  const known = await run('apt-cache', ['show', 'linux-image-cloud-amd64', 'qemu-guest-agent']).then(
    (said) => said.includes('Package: qemu-guest-agent'),
    () => false,
  )
  if (known) return
  say(`fetching Debian's package lists (log: ${log})`)
  await apt(log, ['update'])
}

export type ProvisionOptions = { forTests?: boolean; forBench?: boolean; say: (line: string) => void }

/** All that the lab needs is on this machine when this returns; else the error has the line to type. */
export async function provision({ say, ...purpose }: ProvisionOptions): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `The demo and the tests run libvirt and x86-64 guests: they need Linux on x86-64, this is ${process.platform} on ${process.arch}.`,
    )
  mkdirSync(cacheDir(), { recursive: true })
  const log = join(cacheDir(), 'provision.log')
  const system = thisSystem()
  const describe = (entries: Missing[]) =>
    entries.map(({ tool, fault }) => `${tool.name} ${fault}`).join('; ')
  const missing = await missingTools(purpose)
  const mayInstall = system.distribution === 'debian' && process.getuid!() === 0
  if (missing.length > 0) {
    const lines = installLines(
      missing.map(({ tool }) => tool),
      system,
    )
    if (!mayInstall) throw new Error(`${describe(missing)}. ${lines}`)
    await installOnDebian(missing, system.isBookworm, log, say)
    const still = await missingTools(purpose)
    if (still.length > 0) throw new Error(`After installing, ${describe(still)}. Read ${log}. ${lines}`)
  }
  if (system.distribution === 'debian') await haveListsForGuest(log, say)
}
