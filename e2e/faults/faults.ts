import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'
import { type FaultGuest, NAME } from './fault-guest.ts'
import { fillFileSystem } from './full-file-system.ts'
import type { LibvirtProxy } from './libvirt-proxy.ts'
import { injectIntoWrites } from './strace-inject.ts'

/** What a fault is done with. */
export type Victim = { guest: FaultGuest; proxy: LibvirtProxy; killApp: () => Promise<void> }

/** How a fault ends. */
export type Mend = () => Promise<void>

export type Fault = {
  name: string
  what: string
  /** Done while the saga stands at its boundary. */
  apply(victim: Victim): Promise<Mend | void>
  /** The mend is done so long after the saga went on, or when its job has ended. */
  lastsMs?: number
  /** A person would press Start or Resume afterwards. */
  mayStop?: 'the QEMU is gone' | 'a disk has failed'
}

const LIBVIRTD_AWAY_MS = 1_000
const HANG_MS = 8_000
const FULL_MS = 6_000
const BROKEN_MS = 6_000
const SLOW_MS = 15_000
/** Microseconds that each write waits. */
const SLOW_WRITE_US = 150_000
const AGENT_GONE_LIMIT_MS = 10_000

const isBase = (path: string) => /\.(img|qcow2)$/.test(path)
const bases = (guest: FaultGuest) => guest.files().filter((path) => isBase(basename(path)))
const overlays = (guest: FaultGuest) => guest.files().filter((path) => !isBase(basename(path)))

/** What strace saw of a case, kept when it fails. */
export const straceLog = (guest: FaultGuest) => join(guest.lab.dir, 'strace.log')

async function inject(
  guest: FaultGuest,
  files: string[],
  harm: Parameters<typeof injectIntoWrites>[2],
): Promise<Mend | void> {
  const pid = await guest.lab.qemuPid(NAME).catch(() => undefined)
  // No overlay yet, or no QEMU between two of them: there is nothing that could break.
  if (pid === undefined || files.length === 0) return
  return injectIntoWrites(pid, files, harm, straceLog(guest))
}

async function killAgent({ lab }: FaultGuest): Promise<void> {
  // After a revert the guest boots: its agent comes first.
  await lab.waitForAgent(NAME)
  await lab.agent(NAME, 'guest-exec', { path: '/bin/sh', arg: ['-c', 'sleep 0.1; kill -9 $PPID'] })
  await waitUntil(
    async () => /name='org.qemu.guest_agent.0' state='disconnected'/.test(await lab.virsh('dumpxml', NAME)),
    { limitMs: AGENT_GONE_LIMIT_MS, everyMs: 30, what: 'The end of the guest agent' },
  )
}

export const FAULTS: readonly Fault[] = [
  { name: 'app', what: 'kill -9 of the app', apply: ({ killApp }) => killApp() },
  {
    name: 'libvirtd',
    what: `kill -9 of libvirtd, started again ${LIBVIRTD_AWAY_MS / 1000} s later`,
    lastsMs: LIBVIRTD_AWAY_MS,
    apply: async ({ guest }) => {
      await guest.lab.killLibvirtd()
      return () => guest.lab.startLibvirtd()
    },
  },
  {
    name: 'qemu',
    what: 'kill -9 of QEMU',
    mayStop: 'the QEMU is gone',
    apply: async ({ guest }) => {
      process.kill(await guest.lab.qemuPid(NAME), 'SIGKILL')
    },
  },
  { name: 'agent', what: 'kill -9 of the guest agent', apply: ({ guest }) => killAgent(guest) },
  {
    name: 'full-overlays',
    what: `no space on the overlays' file system for ${FULL_MS / 1000} s`,
    lastsMs: FULL_MS,
    mayStop: 'a disk has failed',
    apply: ({ guest }) => fillFileSystem(guest.overlaysDir),
  },
  {
    name: 'full-bases',
    what: `no space on the bases' file system for ${FULL_MS / 1000} s`,
    lastsMs: FULL_MS,
    mayStop: 'a disk has failed',
    apply: ({ guest }) => fillFileSystem(guest.basesDir),
  },
  {
    name: 'eio-overlays',
    what: `every write of QEMU to an overlay fails with EIO for ${BROKEN_MS / 1000} s`,
    lastsMs: BROKEN_MS,
    mayStop: 'a disk has failed',
    apply: ({ guest }) => inject(guest, overlays(guest), { error: 'EIO' }),
  },
  {
    name: 'eio-bases',
    what: `every write of QEMU to a base fails with EIO for ${BROKEN_MS / 1000} s`,
    lastsMs: BROKEN_MS,
    mayStop: 'a disk has failed',
    apply: ({ guest }) => inject(guest, bases(guest), { error: 'EIO' }),
  },
  {
    name: 'slow',
    what: `every write of QEMU takes ${SLOW_WRITE_US / 1000} ms longer`,
    lastsMs: SLOW_MS,
    apply: ({ guest }) => inject(guest, guest.files(), { delayUs: SLOW_WRITE_US }),
  },
  { name: 'cut', what: 'every connection to libvirtd is cut', apply: async ({ proxy }) => proxy.cut() },
  {
    name: 'hang',
    what: `libvirtd does not answer for ${HANG_MS / 1000} s`,
    lastsMs: HANG_MS,
    apply: async ({ proxy }) => {
      proxy.hang(true)
      return async () => {
        await sleep(0)
        proxy.hang(false)
      }
    },
  },
  {
    name: 'qemu-hang',
    what: `QEMU is stopped for ${HANG_MS / 1000} s`,
    lastsMs: HANG_MS,
    apply: async ({ guest }) => {
      const pid = await guest.lab.qemuPid(NAME)
      process.kill(pid, 'SIGSTOP')
      return async () => {
        try {
          process.kill(pid, 'SIGCONT')
        } catch {
          /* It has ended meanwhile. */
        }
      }
    },
  },
]
