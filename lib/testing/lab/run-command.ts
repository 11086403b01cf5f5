import { spawn } from 'node:child_process'

export type RunOptions = {
  timeoutMs?: number
  env?: NodeJS.ProcessEnv
  cwd?: string
  input?: string | Buffer
}

// mkfs.ext4, debugfs and e2fsck stand in sbin, which an ordinary user's PATH leaves out.
const SBIN = '/usr/local/sbin:/usr/sbin:/sbin'

const DEFAULT_LIMIT_MS = 60_000
// A message, not a log: enough to see what the command complained about.
const MESSAGE_TAIL_CHARS = 600

export class CommandFailed extends Error {
  readonly code: number | null
  readonly stderr: string
  constructor(sentence: string, code: number | null, stderr: string) {
    super(sentence)
    this.name = 'CommandFailed'
    this.code = code
    this.stderr = stderr
  }
}

/** Runs one command to its end and gives what it printed; anything but exit 0 throws with its last words. */
export async function runBytes(command: string, args: string[], options: RunOptions = {}): Promise<Buffer> {
  const limitMs = options.timeoutMs ?? DEFAULT_LIMIT_MS
  const said = `${command} ${args.join(' ')}`
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? { ...process.env, PATH: `${process.env.PATH ?? ''}:${SBIN}` },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const out: Buffer[] = []
    let err = ''
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, limitMs)
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => {
      err = (err + chunk.toString()).slice(-100_000)
    })
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
    child.on('error', (cause) => {
      clearTimeout(timer)
      const why =
        (cause as NodeJS.ErrnoException).code === 'ENOENT'
          ? 'is not installed, or not in PATH'
          : `could not be started: ${cause.message}`
      reject(new CommandFailed(`${command} ${why}.`, null, ''))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) return resolve(Buffer.concat(out))
      let ended = code === null ? `was ended by ${signal}` : `failed (exit ${code})`
      if (timedOut) ended = `gave no answer in ${limitMs} ms`
      reject(
        new CommandFailed(
          `${said} ${ended}: ${err.trim().slice(-MESSAGE_TAIL_CHARS) || 'it said nothing'}`,
          code,
          err,
        ),
      )
    })
  })
}

export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  return (await runBytes(command, args, options)).toString()
}
