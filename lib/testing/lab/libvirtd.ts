import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LabUser } from './lab-user.ts'
import { isRunning, markOf, type ProcessMark } from './processes.ts'
import { run } from './run-command.ts'
import { waitUntil } from './wait-until.ts'

// sun_path of a unix socket, without its closing zero.
const SOCKET_PATH_BYTES = 107
// Measured 0.3 s; 2 cores that build and test beside it make it slow, not broken.
const START_LIMIT_MS = 30_000

export type LibvirtdDirs = {
  dir: string
  runtime: string
  config: string
  data: string
  cache: string
  home: string
  log: string
  socketPath: string
}

export function libvirtdDirs(dir: string): LibvirtdDirs {
  const runtime = join(dir, 'run')
  return {
    dir,
    runtime,
    config: join(dir, 'config'),
    data: join(dir, 'data'),
    cache: join(dir, 'cache'),
    home: join(dir, 'home'),
    log: join(dir, 'libvirtd.log'),
    socketPath: join(runtime, 'libvirt', 'libvirt-sock'),
  }
}

/** What virsh and Keyframe are given; quoted for a shell it is the line that the demo prints. */
export function libvirtUri(socketPath: string): string {
  return `qemu:///session?socket=${socketPath}`
}

export function libvirtdEnv(dirs: LibvirtdDirs): NodeJS.ProcessEnv {
  return {
    PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`,
    LC_ALL: 'C.UTF-8',
    HOME: dirs.home,
    XDG_RUNTIME_DIR: dirs.runtime,
    XDG_CONFIG_HOME: dirs.config,
    XDG_DATA_HOME: dirs.data,
    XDG_CACHE_HOME: dirs.cache,
    // Next's types ask every environment for NODE_ENV.
  } as Record<string, string> as NodeJS.ProcessEnv
}

function checkSocketLengths(dirs: LibvirtdDirs): void {
  // The longest is the guest agent's; libvirt cuts a guest's name to 20 characters in it.
  const longest = join(
    dirs.runtime,
    'libvirt/qemu/run/channel',
    `123-${'x'.repeat(20)}`,
    'org.qemu.guest_agent.0',
  )
  const bytes = Buffer.byteLength(longest)
  if (bytes > SOCKET_PATH_BYTES) {
    throw new Error(
      `The lab's folder ${dirs.dir} has too long a name: its sockets would have ${bytes} bytes, the system allows ${SOCKET_PATH_BYTES}. Use a shorter one, below /tmp for example.`,
    )
  }
}

export function prepareLibvirtd(dirs: LibvirtdDirs, user: LabUser): void {
  checkSocketLengths(dirs)
  for (const path of [dirs.runtime, dirs.config, dirs.data, dirs.cache, dirs.home]) {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    user.own(path)
  }
  const config = join(dirs.config, 'libvirt')
  mkdirSync(config, { recursive: true })
  user.own(config)
  writeFileSync(
    join(config, 'libvirtd.conf'),
    'log_outputs = "3:stderr"\nmax_clients = 200\nmax_anonymous_clients = 200\n',
  )
  // "file": virtlogd, which libvirtd would start, outlives the lab. "none": a session has no right to confine.
  writeFileSync(join(config, 'qemu.conf'), 'stdio_handler = "file"\nsecurity_driver = "none"\n')
}

function libvirtdProgram(): string {
  const found = ['/usr/sbin/libvirtd', '/usr/bin/libvirtd'].find((path) => existsSync(path))
  if (!found) throw new Error('libvirtd is not installed: install the package libvirt-daemon.')
  return found
}

/** Starts the daemon and returns when it answers; `started` is told at once, so that a start called off can end it. */
export async function launchLibvirtd(
  dirs: LibvirtdDirs,
  user: LabUser,
  started: (mark: ProcessMark) => void,
): Promise<void> {
  const log = openSync(dirs.log, 'a')
  const [program, ...args] = [...user.prefix, libvirtdProgram()]
  const child = spawn(program!, args, {
    cwd: dirs.dir,
    env: libvirtdEnv(dirs),
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  child.unref()
  await Promise.race([failed, new Promise<void>((resolve) => child.once('spawn', () => resolve()))])
  const mark = markOf(child.pid!)
  const look = `Read ${dirs.log}.`
  if (!mark) throw new Error(`libvirtd ended as soon as it started. ${look}`)
  started(mark)
  await waitUntil(
    async () => {
      if (!isRunning(mark)) throw new LibvirtdEnded(`libvirtd ended while starting. ${look}`)
      return (
        (await run('virsh', ['-c', libvirtUri(dirs.socketPath), 'version'], { timeoutMs: 10_000 })) !== ''
      )
    },
    {
      limitMs: START_LIMIT_MS,
      what: 'An answer from libvirtd',
      hint: look,
      giveUpOn: (error) => error instanceof LibvirtdEnded,
    },
  )
}

class LibvirtdEnded extends Error {}
