/**
 * What an open event stream costs: `node e2e/bench/streams.ts [STREAMS] [PER SESSION]`, over the built app of KEYFRAME_DIST and without a
 * host. Opens streams of many sessions, collects garbage, and tells heap, other memory of V8 and Node, and the process's own, for each stream.
 */
import { readFileSync, rmSync, mkdtempSync } from 'node:fs'
import { get, type ClientRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appUrl, endApp, freePort, spawnApp, waitForApp } from '../../lib/testing/app-process.ts'
import { repoDir } from '../../lib/testing/lab/paths.ts'
import { cookiesOf, readSignInForm } from '../http-sign-in.ts'

const STREAMS = Number(process.argv[2] ?? 480)
const PER_SESSION = Number(process.argv[3] ?? 20)
const PASSWORD = 'the password of a bench'
const SETTLE_MS = 3_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Memory {
  heapUsed: number
  external: number
  rss: number
  count: number
}
const memoryFile = (directory: string) => join(directory, 'memory.json')

async function memoryOf(pid: number, directory: string, after: number): Promise<Memory> {
  process.kill(pid, 'SIGUSR2')
  for (;;) {
    await pause(200)
    try {
      const memory = JSON.parse(readFileSync(memoryFile(directory), 'utf8')) as Memory
      if (memory.count > after) return memory
    } catch {
      /* Not written yet. */
    }
  }
}

function openStream(url: string, cookie: string): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const stream = get(`${url}/api/events`, { agent: false, headers: { cookie } }, (response) => {
      if (response.statusCode !== 200)
        return reject(new Error(`The stream was answered with ${response.statusCode}.`))
      response.on('error', () => undefined).once('data', () => resolve(stream))
      response.resume()
    })
    stream.on('error', reject)
  })
}

const directory = mkdtempSync(join(tmpdir(), 'kf-bench-streams-'))
const port = await freePort()
const log = join(directory, 'app.log')
const app = spawnApp({
  distName: process.env.KEYFRAME_DIST ?? '.next',
  port,
  libvirtUri: `none=qemu+unix:///system?socket=${join(directory, 'no-socket')}`,
  dataDir: join(directory, 'data'),
  adminPassword: PASSWORD,
  log,
  env: {
    NODE_OPTIONS: `--import=${join(repoDir, 'e2e/bench/memory-on-signal.mjs')}`,
    KEYFRAME_MEMORY_FILE: memoryFile(directory),
  } as unknown as NodeJS.ProcessEnv,
})
const streams: ClientRequest[] = []
try {
  const url = appUrl(port)
  await waitForApp(app, port, log)
  const signIn = await readSignInForm(url)
  const sessions: string[] = []
  for (let count = 0; count < STREAMS / PER_SESSION; count++)
    sessions.push(cookiesOf(await signIn('admin', PASSWORD)))
  // Of whatever the first ones load and keep, no later one costs anything.
  for (const warm of await Promise.all(sessions.slice(0, 5).map((cookie) => openStream(url, cookie))))
    warm.destroy()
  await pause(SETTLE_MS)
  const before = await memoryOf(app.pid, directory, 0)
  for (let count = 0; count < STREAMS; count++)
    streams.push(await openStream(url, sessions[Math.floor(count / PER_SESSION)]!))
  await pause(SETTLE_MS)
  const after = await memoryOf(app.pid, directory, before.count)
  const perStream = (key: 'heapUsed' | 'external' | 'rss') =>
    `${((after[key] - before[key]) / STREAMS / 1024).toFixed(1)} KiB`
  console.log(
    `${STREAMS} streams, ${PER_SESSION} of a session: heap ${perStream('heapUsed')}, external ${perStream('external')}, resident ${perStream('rss')} each`,
  )
} finally {
  for (const stream of streams) stream.destroy()
  await endApp(app)
  rmSync(directory, { recursive: true, force: true })
}
