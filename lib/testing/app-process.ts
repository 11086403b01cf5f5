import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { repoDir } from './lab/paths.ts'
import { isRunning, markOf, type ProcessMark } from './lab/processes.ts'
import { tailOf } from './lab/run-logged.ts'
import { waitUntil } from './lab/wait-until.ts'

export type AppOptions = {
  distName: string
  port: number
  libvirtUri: string
  dataDir: string
  adminPassword: string
  log: string
  env?: NodeJS.ProcessEnv
}

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 10_000

export const appUrl = (port: number) => `http://127.0.0.1:${port}`

/** The production app in a process group of its own, for it starts guards of freezes in turn. */
export function spawnApp({
  distName,
  port,
  libvirtUri,
  dataDir,
  adminPassword,
  log,
  env,
}: AppOptions): ProcessMark {
  const file = openSync(log, 'a')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'lib/settings/start.ts'], {
    cwd: repoDir,
    detached: true,
    stdio: ['ignore', file, file],
    env: {
      ...process.env,
      NEXT_TELEMETRY_DISABLED: '1',
      NODE_ENV: 'production',
      KEYFRAME_DIST: distName,
      HOST: '127.0.0.1',
      PORT: String(port),
      LIBVIRT_URI: libvirtUri,
      KEYFRAME_DATA: dataDir,
      KEYFRAME_ADMIN_PASSWORD: adminPassword,
      ...env,
    },
  })
  closeSync(file)
  child.on('error', () => {})
  child.unref()
  const mark = child.pid === undefined ? undefined : markOf(child.pid)
  if (!mark) throw new Error(`The app could not be started. Log: ${log}`)
  return mark
}

export async function answers(port: number): Promise<boolean> {
  const response = await fetch(`${appUrl(port)}/login`, {
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  })
  return response.status === 200
}

class AppEnded extends Error {}

export async function waitForApp(mark: ProcessMark, port: number, log: string): Promise<void> {
  await waitUntil(
    async () => {
      if (!isRunning(mark)) throw new AppEnded(`The app ended while starting. Log: ${log}\n${tailOf(log)}`)
      return answers(port)
    },
    {
      limitMs: START_LIMIT_MS,
      everyMs: 150,
      what: `An answer from the app at ${appUrl(port)}/login`,
      hint: `Log: ${log}\n${tailOf(log)}`,
      giveUpOn: (error) => error instanceof AppEnded,
    },
  )
}

function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    return false
  }
}

/** Ends the app with all it started; true if it was running. */
export async function endApp(mark: ProcessMark): Promise<boolean> {
  // A group lives as long as any of its members; the number of one that ended is given to no other process before.
  if (!isRunning(mark)) return false
  signalGroup(mark.pid, 'SIGTERM')
  const gone = await waitUntil(() => !signalGroup(mark.pid, 0), {
    limitMs: STOP_LIMIT_MS,
    everyMs: 50,
    what: 'The end of the app',
  }).then(
    () => true,
    () => false,
  )
  if (!gone) signalGroup(mark.pid, 'SIGKILL')
  return true
}

export async function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
