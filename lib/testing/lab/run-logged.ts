import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

export type LoggedOptions = { log: string; timeoutMs: number; env?: NodeJS.ProcessEnv; cwd?: string }

const TAIL_LINES = 15
const running = new Set<ChildProcess>()

export function tailOf(log: string, lines = TAIL_LINES): string {
  try {
    return readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .map((line) => `    ${line}`)
      .join('\n')
  } catch {
    return ''
  }
}

/** Runs a long step with its output in a log; the error carries the log's end. */
export async function runLogged(
  command: string,
  args: string[],
  { log, timeoutMs, env, cwd }: LoggedOptions,
): Promise<void> {
  const file = openSync(log, 'a')
  writeSync(file, `$ ${command} ${args.join(' ')}\n`)
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', file, file] })
  closeSync(file)
  running.add(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new Error(`${command} could not be started: ${cause.message}`, { cause })),
      )
      child.once('close', (code, signal) => {
        if (code === 0) return resolve()
        const ended = signal
          ? `was ended by ${signal}${signal === 'SIGKILL' ? ` (limit ${timeoutMs} ms)` : ''}`
          : `failed (exit ${code})`
        reject(new Error(`${command} ${args.slice(0, 3).join(' ')} ${ended}. Log: ${log}\n${tailOf(log)}`))
      })
    })
  } finally {
    clearTimeout(timer)
    running.delete(child)
  }
}

/** For a start that is called off in the middle of a step. */
export function endLoggedSteps(): void {
  for (const child of running) child.kill('SIGTERM')
}
