import { spawn } from 'node:child_process'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'

const ATTACH_LIMIT_MS = 10_000
const DETACH_LIMIT_MS = 10_000
/** What QEMU writes to a file with; reads of an injured disk are left alone. */
const WRITES = 'pwrite64,pwritev,pwritev2,fallocate'
/**
 * Slowed, but never failed: after one failed fdatasync QEMU refuses every later flush of that file until the VM is off
 * (block/file-posix.c, page_cache_inconsistent), so no recovery could be seen.
 */
const FLUSHES = 'fdatasync'

/** Makes every write of one process to these files fail or wait, told in `log`. Ends with the call that is returned. */
export async function injectIntoWrites(
  pid: number,
  files: readonly string[],
  harm: { error: 'EIO' } | { delayUs: number },
  log: string,
): Promise<() => Promise<void>> {
  const [calls, what] =
    'error' in harm
      ? [WRITES, `error=${harm.error}`]
      : [`${WRITES},${FLUSHES}`, `delay_enter=${harm.delayUs}`]
  const child = spawn(
    'strace',
    [
      '-f',
      '-q',
      '-p',
      String(pid),
      ...files.flatMap((file) => ['-P', file]),
      '-e',
      `trace=${calls}`,
      '-e',
      `inject=${calls}:${what}`,
      '-tt',
      '-o',
      log,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000)
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      said += error.message
      resolve()
    })
  })
  // strace -q says nothing once it is attached, the kernel does.
  await waitUntil(() => isTraced(pid), {
    limitMs: ATTACH_LIMIT_MS,
    everyMs: 10,
    what: `strace on ${pid}`,
  }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw new Error(`${(error as Error).message} It said: ${said}`)
  })
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
  const traced = await Promise.all(
    tasks.map(
      async (task) => !/^TracerPid:\t0$/m.test(await readFile(`/proc/${pid}/task/${task}/status`, 'utf8')),
    ),
  )
  return traced.every(Boolean)
}
