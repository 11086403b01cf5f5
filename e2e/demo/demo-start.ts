import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { answers, appUrl, endApp, isPortFree, spawnApp, waitForApp } from '../../lib/testing/app-process.ts'
import { buildApp, sourcesHash } from '../app/build-app.ts'
import { adminPassword, openDemoFolder, readDemo, writeDemo } from './demo-folder.ts'
import { DB, WEB } from '../../lib/testing/lab/guest.ts'
import type { Ready } from './ready-lines.ts'
import { attachLab, startLab, type Lab } from '../../lib/testing/lab/lab.ts'
import { repoDir } from '../../lib/testing/lab/paths.ts'
import { isRunning, markOf } from '../../lib/testing/lab/processes.ts'
import { provision } from '../../lib/testing/lab/provision.ts'
import { run } from '../../lib/testing/lab/run-command.ts'

export const DIST = '.next-demo'
const DEFAULT_PORT = 3000
const HOST = 'demo'
const BESIDE_LIMIT_MS = 60_000

export class CalledOff extends Error {}

/** A step that fails says which it was; none begins once the start was called off. */
export type Step = <T>(what: string, act: () => Promise<T> | T) => Promise<T>
type Say = (line: string) => void

export function portFrom(value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined
  const port = Number(value)
  if (!/^\d{1,5}$/.test(value) || port < 1 || port > 65_535)
    throw new Error(`PORT must be a number from 1 to 65535, not "${value}".`)
  return port
}

async function startGuests(lab: Lab, say: Say): Promise<void> {
  for (const options of [WEB, DB]) {
    if (lab.guests[options.name]) continue
    say(`making the guest ${options.name}`)
    await lab.defineGuest(options)
  }
  const on = (await lab.virsh('list', '--name')).split('\n')
  const off = [WEB.name, DB.name].filter((name) => !on.includes(name))
  if (off.length > 0) say(`booting ${off.join(' and ')} (log: ${lab.dir}/console)`)
  await Promise.all(off.map((name) => lab.startGuest(name)))
}

/** Once: who takes the schedule away in the demo does not find it again at the next start. */
async function scheduleBackups(lab: Lab, libvirtUri: string, dataDir: string, say: Say): Promise<void> {
  const folder = join(lab.dir, 'backups')
  if (existsSync(folder)) return
  mkdirSync(folder)
  lab.user.own(folder)
  say('putting db on a schedule of backups, every 3 minutes')
  await besideTheApp('demo-schedule.ts', [HOST, DB.name, folder], dataDir, libvirtUri).catch(
    (error: unknown) => {
      rmSync(folder, { recursive: true })
      throw error
    },
  )
}

/** Runs a command of the demo on the data of the app that runs. */
const besideTheApp = (file: string, words: string[], dataDir: string, libvirtUri: string): Promise<string> =>
  run(
    process.execPath,
    [
      '--conditions=react-server',
      '--disable-warning=ExperimentalWarning',
      join(repoDir, 'e2e/demo', file),
      ...words,
    ],
    {
      timeoutMs: BESIDE_LIMIT_MS,
      env: { ...process.env, LIBVIRT_URI: libvirtUri, KEYFRAME_DATA: dataDir },
    },
  )

/** The file's password, null where it was changed since: an earlier demo of this folder, of another clone perhaps, had its own. */
async function knownPassword(dir: string): Promise<string | null> {
  const said = await besideTheApp('demo-password.ts', [join(dir, 'password')], join(dir, 'data'), '')
  return said.trim() === 'fits' ? adminPassword(dir) : null
}

/** What is there is used; what is not is started. */
export async function startDemo(dir: string, step: Step, say: Say): Promise<Ready> {
  const askedPort = await step('Reading PORT', () => portFrom(process.env.PORT))
  await step("Making the demo's folder", () => openDemoFolder(dir))
  const before = readDemo(dir)
  if (before.starter && before.starter.pid !== process.pid && isRunning(before.starter) && !before.app)
    throw new Error(
      `Another start of the demo is at work (process ${before.starter.pid}). Wait for it, or end it with Ctrl-C.`,
    )
  const password = adminPassword(dir)
  const sources = sourcesHash()
  const port = askedPort ?? (before.app && isRunning(before.app.mark) ? before.app.port : DEFAULT_PORT)

  const found = attachLab(join(dir, 'lab'))
  if (
    before.app &&
    isRunning(before.app.mark) &&
    found?.isUp() &&
    before.app.port === port &&
    before.app.sources === sources
  ) {
    const up = await answers(port).catch(() => false)
    if (up) {
      await step('Starting the guests', () => startGuests(found, say))
      return {
        port,
        password: await step('Checking the password', () => knownPassword(dir)),
        socketPath: found.socketPath,
        wasRunning: true,
      }
    }
  }
  writeDemo(dir, { starter: markOf(process.pid) })
  if (before.app) await step('Ending the app of an earlier start', () => endApp(before.app!.mark))
  await step('Looking for a port', async () => {
    if (!(await isPortFree(port)))
      throw new Error(`Port ${port} of 127.0.0.1 is in use. Choose another: PORT=${port + 1} npm run demo`)
  })
  await step('Looking for libvirt, QEMU and what the guests are made of', () => provision({ say }))
  await step('Building the app', () => buildApp(DIST, say))

  const lab = await step('Starting a private libvirt', () =>
    startLab({ dir: join(dir, 'lab'), name: 'demo', say }),
  )
  const log = join(dir, 'app.log')
  const libvirtUri = `${HOST}=${lab.uri.replaceAll(',', '%2C')}`
  const mark = await step('Starting the app', () => {
    const mark = spawnApp({
      distName: DIST,
      port,
      libvirtUri,
      dataDir: join(dir, 'data'),
      adminPassword: password,
      log,
    })
    writeDemo(dir, { starter: markOf(process.pid), app: { mark, port, sources } })
    return mark
  })
  say(`starting the app at ${appUrl(port)} (log: ${log})`)
  // Both at once: while the guests boot, the app needs little.
  const both = await Promise.allSettled([
    step('Starting the guests', () => startGuests(lab, say)),
    step('Starting the app', () => waitForApp(mark, port, log)),
  ])
  for (const one of both) if (one.status === 'rejected') throw one.reason
  await step('Putting db on a schedule', () => scheduleBackups(lab, libvirtUri, join(dir, 'data'), say))
  return {
    port,
    password: await step('Checking the password', () => knownPassword(dir)),
    socketPath: lab.socketPath,
    wasRunning: false,
  }
}

/** Ends the app, the guests and libvirt, each by its pid; says how many processes that were. */
export async function stopDemo(dir: string): Promise<number> {
  const { app, starter } = readDemo(dir)
  let ended = app && (await endApp(app.mark)) ? 1 : 0
  const lab = attachLab(join(dir, 'lab'))
  if (lab) ended += await lab.stop()
  if (app || starter) writeDemo(dir, {})
  return ended
}
