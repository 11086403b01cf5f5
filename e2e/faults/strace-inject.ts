import { spawn } from 'node:child_process'
import { waitUntil } from '../lab/wait-until.ts'

const ATTACH_LIMIT_MS = 10_000
const DETACH_LIMIT_MS = 10_000
/** What QEMU writes to a file with; reads of an injured disk are left alone. */
const WRITES = 'pwrite64,pwritev,pwritev2,fdatasync,fallocate'

/** Makes every write of one process to these files do something else: `error=EIO`, `delay_enter=200000`, told in `log`. Ends with the call that is returned. */
export async function injectIntoWrites(pid: number, files: readonly string[], what: string, log: string): Promise<() => Promise<void>> {
  const child = spawn('strace', ['-f', '-q', '-p', String(pid), ...files.flatMap((file) => ['-P', file]), '-e', `trace=${WRITES}`, '-e', `inject=${WRITES}:${what}`, '-tt', '-o', log], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-2_000) })
  const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()); child.once('error', (error) => { said += error.message; resolve() }) })
  // strace -q says nothing once it is attached, the kernel does.
  await waitUntil(() => isTraced(pid), { limitMs: ATTACH_LIMIT_MS, everyMs: 10, what: `strace on ${pid}` }).catch((error: unknown) => { child.kill('SIGKILL'); throw new Error(`${(error as Error).message} It said: ${said}`) })
  return async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), DETACH_LIMIT_MS)
    await ended
    clearTimeout(timer)
  }
}

async function isTraced(pid: number): Promise<boolean> {
  const { readFile, readdir } = await import('node:fs/promises')
  const tasks = await readdir(`/proc/${pid}/task`)
  const traced = await Promise.all(tasks.map(async (task) => !/^TracerPid:\t0$/m.test(await readFile(`/proc/${pid}/task/${task}/status`, 'utf8'))))
  return traced.every(Boolean)
}
