import 'server-only'
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { perProcess } from '../server/per-process.ts'

export interface Hold {
  key: string
  uri: string
  uuid: string
  /** What is done at the deadline: a frozen guest is thawed, a paused one goes on. */
  act: 'thaw' | 'resume'
  /** When the guest is thawed, or let go on, whatever stands; epoch ms. */
  deadlineMs: number
}

/** Starting a process takes 0.2 s here; a busy machine several times as much. */
const HELD_LIMIT_MS = 10_000

interface Guard {
  child: ChildProcess
  waiting: Map<string, () => void>
}
const shared = perProcess<{ guard?: Guard }>('hosts/freeze-guard', () => ({}))

/**
 * Hands a freeze, or a pause, that is about to begin to the guard process, started on first use: should this process die or hang, the
 * guest is thawed, or let go on, at the deadline all the same (LIBVIRT.md, “Freezing”). Resolves once the guard holds it; rejects when
 * there is no guard, and then nothing may be frozen.
 * @returns takes it out of the guard's hands again
 */
export async function guardFreeze(hold: Hold): Promise<() => void> {
  const guard = (shared.guard ??= startGuard())
  let leave = () => undefined as void
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the freeze guard does not answer')), HELD_LIMIT_MS)
    const ended = () => reject(new Error('the freeze guard ended'))
    guard.child.once('error', reject).once('exit', ended)
    // The guard lives long: what one freeze listens to must not stay for all that come after.
    leave = () => {
      clearTimeout(timer)
      guard.child.off('error', reject).off('exit', ended)
    }
    guard.waiting.set(hold.key, resolve)
    send(guard, { hold })
  }).finally(() => {
    leave()
    guard.waiting.delete(hold.key)
  })
  return () => send(guard, { release: hold.key })
}

/** The guard's process id, for tests that kill its parent. */
export const freezeGuardPid = (): number | undefined => shared.guard?.child.pid

function send(guard: Guard, message: { hold: Hold } | { release: string }): void {
  // A guard that is gone holds nothing; the records thaw what it would have.
  if (guard.child.stdin?.writable) guard.child.stdin.write(`${JSON.stringify(message)}\n`)
}

function startGuard(): Guard {
  // From the source: the guard must not depend on what a bundle holds. A process group of its own: Ctrl-C ends the app, and the guard when it is done.
  const script = join(/*turbopackIgnore: true*/ process.cwd(), 'lib/hosts/freeze-guard-process.ts')
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=react-server', '--disable-warning=ExperimentalWarning', script],
    { stdio: ['pipe', 'pipe', 'inherit'], detached: true },
  )
  const guard: Guard = { child, waiting: new Map() }
  child.stdin!.on('error', () => undefined)
  createInterface({ input: child.stdout! }).on('line', (key) => guard.waiting.get(key)?.())
  const forget = () => {
    if (shared.guard === guard) delete shared.guard
  }
  child.on('exit', forget)
  child.on('error', forget)
  // Neither may keep this process alive.
  child.unref()
  ;(child.stdin as unknown as { unref(): void }).unref()
  ;(child.stdout as unknown as { unref(): void }).unref()
  return guard
}
