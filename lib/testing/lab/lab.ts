import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { domainXml } from './domain-xml.ts'
import { type Guest, type GuestOptions } from './guest.ts'
import { makeDisk } from './guest-disks.ts'
import { guestParts, type GuestParts } from './guest-parts.ts'
import { labUser, type LabUser } from './lab-user.ts'
import {
  launchLibvirtd,
  libvirtdDirs,
  libvirtdEnv,
  libvirtUri,
  prepareLibvirtd,
  type LibvirtdDirs,
} from './libvirtd.ts'
import { endProcesses, isRunning, markOf, type ProcessMark, qemusOf } from './processes.ts'
import { keepCapabilities, lendCapabilities } from './qemu-capabilities.ts'
import { run } from './run-command.ts'
import { mountTmpfs, unmountAll } from './tmpfs.ts'
import { waitUntil } from './wait-until.ts'

// Measured 7 s alone under TCG; 2 cores shared with a build make it several times as much.
const BOOT_LIMIT_MS = 120_000
const VIRSH_LIMIT_MS = 120_000

type LabState = {
  name: string
  libvirtd: ProcessMark | undefined
  tmpfs: string[]
  guests: Record<string, Guest>
  owner?: ProcessMark
}

export type LabOptions = {
  dir: string
  name?: string
  /** Ends with this process; what is left of it when it died can be swept (test-lab.ts). */
  owned?: boolean
  say?: (line: string) => void
}

/** A libvirt of its own with its guests; nothing of the machine's own libvirt is touched. */
export class Lab {
  readonly dir: string
  readonly dirs: LibvirtdDirs
  readonly uri: string
  readonly socketPath: string
  readonly imagesDir: string
  readonly user: LabUser
  readonly #state: LabState
  readonly #say: (line: string) => void

  constructor(dir: string, state: LabState, say: (line: string) => void = () => {}) {
    this.dir = dir
    this.dirs = libvirtdDirs(dir)
    this.socketPath = this.dirs.socketPath
    this.uri = libvirtUri(this.socketPath)
    this.imagesDir = join(dir, 'images')
    this.user = labUser()
    this.#state = state
    this.#say = say
  }

  get name(): string {
    return this.#state.name
  }
  get uid(): number {
    return this.user.uid
  }
  /** The environment libvirtd runs in. */
  get env(): NodeJS.ProcessEnv {
    return libvirtdEnv(this.dirs)
  }
  get libvirtdPid(): number | undefined {
    return this.isUp() ? this.#state.libvirtd?.pid : undefined
  }
  get guests(): Record<string, Guest> {
    return this.#state.guests
  }

  isUp(): boolean {
    return this.#state.libvirtd !== undefined && isRunning(this.#state.libvirtd)
  }

  /** False for a lab whose test process is gone. */
  isOwned(): boolean {
    return this.#state.owner === undefined || isRunning(this.#state.owner)
  }

  #save(): void {
    const file = join(this.dir, 'lab.json')
    writeFileSync(`${file}.new`, JSON.stringify(this.#state, undefined, 2))
    renameSync(`${file}.new`, file)
  }

  virsh(...args: string[]): Promise<string> {
    return run('virsh', ['-q', '-c', this.uri, ...args], { timeoutMs: VIRSH_LIMIT_MS })
  }

  async startLibvirtd(): Promise<void> {
    if (this.isUp()) return
    lendCapabilities(this.dirs, this.user)
    await launchLibvirtd(this.dirs, this.user, (mark) => {
      this.#state.libvirtd = mark
      this.#save()
    })
    keepCapabilities(this.dirs)
  }

  /** Ends libvirtd alone; its guests run on. SIGSTOP and SIGCONT are allowed too. */
  async killLibvirtd(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const mark = this.#state.libvirtd
    if (!mark || !isRunning(mark)) return
    process.kill(mark.pid, signal)
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT')
      await waitUntil(() => !isRunning(mark), {
        limitMs: 15_000,
        everyMs: 20,
        what: `The end of libvirtd (${mark.pid}) by ${signal}`,
      })
  }

  /** The QEMU of one guest, for tests that stop or kill it. */
  async qemuPid(name: string): Promise<number> {
    const pid = readFileSync(join(this.dirs.runtime, 'libvirt/qemu/run', `${name}.pid`), 'utf8').trim()
    return Number(pid)
  }

  /** Kernel and initramfs stand in the lab, for the guests' user may not enter root's cache. */
  async #kernel(): Promise<Pick<GuestParts, 'kernel' | 'initramfs'>> {
    const own = { kernel: join(this.dir, 'vmlinuz'), initramfs: join(this.dir, 'initramfs.gz') }
    const parts = await guestParts(this.#say)
    for (const part of ['kernel', 'initramfs'] as const)
      if (!existsSync(own[part])) copyFileSync(parts[part], own[part])
    return own
  }

  async defineGuest(options: GuestOptions): Promise<Guest> {
    const system = options.system ?? 'linux'
    const agent = options.agent ?? (system === 'linux' ? 'running' : 'none')
    const maker = { imagesDir: this.imagesDir, user: this.user, parts: () => guestParts(this.#say) }
    const disks = []
    for (const [index, disk] of (options.disks ?? [{ format: 'qcow2' as const }]).entries()) {
      const content = disk.content ?? (system === 'linux' ? 'records' : 'blank')
      disks.push(await makeDisk(maker, options.name, { ...disk, content }, index, system))
    }
    const own = system === 'linux' ? await this.#kernel() : undefined
    const consoleLog = join(
      this.dir,
      'console',
      `${Object.keys(this.guests).length}-${options.name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 40)}.log`,
    )
    const xml = domainXml({
      name: options.name,
      uuid: options.uuid,
      type: await this.#domainType(),
      memoryMiB: options.memoryMiB ?? (system === 'linux' ? 128 : 32),
      disks,
      consoleLog,
      agentChannel: agent !== 'none',
      canSleep: system === 'sleeper',
      kernel: own && {
        image: own.kernel,
        initramfs: own.initramfs,
        commandLine: commandLine({ ...options, agent }),
      },
    })
    const file = join(this.dir, 'define.xml')
    writeFileSync(file, xml)
    await this.virsh('define', file)
    rmSync(file)
    const guest: Guest = {
      name: options.name,
      agent,
      consoleLog,
      disks: disks.flatMap(({ target, path, format }) =>
        target && path ? [{ target, path, format: format ?? 'raw' }] : [],
      ),
    }
    this.#state.guests[options.name] = guest
    this.#save()
    return guest
  }

  async #domainType(): Promise<'kvm' | 'qemu'> {
    if (!existsSync('/dev/kvm')) return 'qemu'
    return this.virsh('domcapabilities', '--virttype', 'kvm').then(
      () => 'kvm',
      () => 'qemu',
    )
  }

  /** Starts a guest; with an agent it returns when that answers, which is when the guest writes. */
  async startGuest(name: string, options: { wait?: boolean; paused?: boolean } = {}): Promise<void> {
    await this.virsh('start', '--domain', name, ...(options.paused ? ['--paused'] : []))
    if (options.wait !== false && !options.paused && this.guests[name]?.agent === 'running')
      await this.waitForAgent(name)
  }

  async waitForAgent(name: string): Promise<void> {
    // domfsinfo, for libvirt marks a guest as tainted after a call of ours to its agent. A refusal is an answer, too.
    const answers = () =>
      this.virsh('domfsinfo', '--domain', name).then(
        () => true,
        (error: Error) => {
          if (/has been disabled/.test(error.message)) return true
          throw error
        },
      )
    await waitUntil(answers, {
      limitMs: BOOT_LIMIT_MS,
      what: `An answer from the guest agent of ${name}`,
      hint: `Read ${this.guests[name]?.consoleLog}.`,
    })
  }

  /** One call of the guest agent's own. */
  async agent(name: string, execute: string, args?: Record<string, unknown>): Promise<unknown> {
    const said = await this.virsh(
      'qemu-agent-command',
      '--timeout',
      '5',
      '--domain',
      name,
      '--cmd',
      JSON.stringify({ execute, arguments: args }),
    )
    return (JSON.parse(said) as { return: unknown }).return
  }

  /** A file system of its own size, for tests that need one to be full. Root only; gone with the lab. */
  async mountTmpfs(name: string, sizeBytes: number): Promise<string> {
    const path = join(this.dir, name)
    await mountTmpfs(path, sizeBytes, this.user)
    this.#state.tmpfs.push(path)
    this.#save()
    return path
  }

  /** Ends the guests and libvirtd, by pid; gives how many processes that were. */
  async stop(options: { remove?: boolean } = {}): Promise<number> {
    // First libvirtd, so that it starts nothing anew; QEMU flushes its images on SIGTERM.
    const ended =
      (this.#state.libvirtd ? await endProcesses([this.#state.libvirtd]) : 0) +
      (await endProcesses(qemusOf(this.dir)))
    this.#state.libvirtd = undefined
    await unmountAll(this.#state.tmpfs)
    this.#state.tmpfs = []
    this.#save()
    if (options.remove) rmSync(this.dir, { recursive: true, force: true })
    return ended
  }
}

/** What guest-init.sh reads, behind what the kernel does. */
function commandLine({ agent, paceMs = 100, freezeDelayS, failingHook, agentBlocks }: GuestOptions): string {
  return [
    'console=ttyS0 quiet panic=5 mitigations=off',
    `keyframe.paceMs=${paceMs}`,
    ...(agent === 'running' ? [] : ['keyframe.noagent']),
    ...(freezeDelayS ? [`keyframe.freezeDelayS=${freezeDelayS}`] : []),
    ...(failingHook ? [`keyframe.failingHook=${failingHook}`] : []),
    ...(agentBlocks ? [`keyframe.agentBlocks=${agentBlocks.join(',')}`] : []),
  ].join(' ')
}

/** Starts a lab in a folder; what a stopped lab left there is used again. */
export async function startLab({ dir, name = 'lab', owned = false, say }: LabOptions): Promise<Lab> {
  const lab =
    attachLab(dir, say) ??
    new Lab(
      dir,
      { name, libvirtd: undefined, tmpfs: [], guests: {}, owner: owned ? markOf(process.pid) : undefined },
      say,
    )
  mkdirSync(dir, { recursive: true, mode: 0o755 })
  prepareLibvirtd(lab.dirs, lab.user)
  for (const path of [lab.imagesDir, join(dir, 'console')]) {
    mkdirSync(path, { recursive: true, mode: 0o755 })
    lab.user.own(path)
  }
  await lab.startLibvirtd()
  return lab
}

/** The lab of a folder, running or not; undefined where there is none. */
export function attachLab(dir: string, say?: (line: string) => void): Lab | undefined {
  const file = join(dir, 'lab.json')
  if (!existsSync(file)) return undefined
  return new Lab(dir, JSON.parse(readFileSync(file, 'utf8')) as LabState, say)
}
