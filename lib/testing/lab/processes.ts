import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export type ProcessMark = {
  pid: number
  /** When the kernel started it: a pid that was given to another process since has another. */
  startTicks: string
}

function statOf(pid: number): { state: string; startTicks: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field holds the name in brackets, with whatever characters it has.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0]!, startTicks: fields[19]! }
  } catch {
    return undefined
  }
}

export function markOf(pid: number): ProcessMark | undefined {
  const stat = statOf(pid)
  return stat && { pid, startTicks: stat.startTicks }
}

export function isRunning(mark: ProcessMark): boolean {
  const stat = statOf(mark.pid)
  return stat !== undefined && stat.startTicks === mark.startTicks && stat.state !== 'Z'
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** The QEMU programs that work for a lab: every one libvirtd starts names a socket or file below the lab's folder. */
export function qemusOf(labDir: string): ProcessMark[] {
  const marks: ProcessMark[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const [program = '', ...args] = commandLine(Number(entry))
    if (!/(^|\/)qemu-[\w-]+$/.test(program) || !args.some((arg) => arg.includes(`${labDir}/`))) continue
    const mark = markOf(Number(entry))
    if (mark) marks.push(mark)
  }
  return marks
}

function signal(mark: ProcessMark, name: NodeJS.Signals): void {
  try {
    if (isRunning(mark)) process.kill(mark.pid, name)
  } catch {
    /* it ended by itself */
  }
}

async function ended(marks: ProcessMark[], limitMs: number): Promise<boolean> {
  const endMs = Date.now() + limitMs
  while (marks.some(isRunning)) {
    if (Date.now() > endMs) return false
    await sleep(30)
  }
  return true
}

/** Asks processes to end, then makes them; gives how many there were. */
export async function endProcesses(marks: ProcessMark[], limitMs = 5_000): Promise<number> {
  const alive = marks.filter(isRunning)
  for (const mark of alive) signal(mark, 'SIGTERM')
  if (!(await ended(alive, limitMs))) {
    // SIGCONT: a stopped process is killed all the same, but its parent may wait for it to be continued.
    for (const mark of alive) {
      signal(mark, 'SIGKILL')
      signal(mark, 'SIGCONT')
    }
    if (!(await ended(alive, limitMs)))
      throw new Error(`Processes ${alive.map((mark) => mark.pid).join(', ')} did not end after SIGKILL.`)
  }
  return alive.length
}
