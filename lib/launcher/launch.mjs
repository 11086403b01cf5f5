#!/usr/bin/env node
// Runs one of Keyframe's own scripts under the Node it needs, with its packages installed: `npm start`, `npm test` and all others.
// Written for any Node >= 18: a plain Debian machine has 18 or 20.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LAUNCHED_BY, watchParent } from './end-with-launcher.mjs'
import { fetchNode } from './fetch-node.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = resolve(here, '../..')
const SERVER = 'lib/settings/start.ts'

/** True for the versions that package.json's `engines` names: 22.18 and later. */
function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

function fail(sentence) {
  console.error(`keyframe: ${sentence}`)
  process.exit(1)
}

/** A Node that is new enough; fetched once from the npm registry, the machine's own stays untouched. */
function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath
  try {
    return join(
      fetchNode(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'keyframe'), (words) =>
        console.error(`keyframe: Node ${process.versions.node} is older than 22.18; ${words}`),
      ),
      'node',
    )
  } catch (error) {
    return fail(error.message)
  }
}

/**
 * When node_modules is not what package-lock.json says. No script of a package is run: none of ours needs one. Served in production
 * nothing is installed: the service may not write there.
 */
function installPackages(env, mayInstall) {
  const stamp = join(root, 'node_modules', '.keyframe-lock')
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  if (!mayInstall)
    fail('the npm packages are not those of package-lock.json. Build the app first: npm run build')
  console.error('keyframe: installing the npm packages (package-lock.json)')
  const done = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (done.status !== 0) fail('npm ci failed (its message is above). Is the npm registry reachable?')
  writeFileSync(stamp, lock)
}

/** react-server is the condition under which the package `server-only` is empty instead of throwing. Not where Next itself runs: it would render with half of React. */
function flagsFor(script) {
  if (!script.endsWith('.ts')) return []
  return [
    '--disable-warning=ExperimentalWarning',
    ...(script === SERVER ? [] : ['--conditions=react-server']),
  ]
}

/** As a child of this process, which ends with it, however this process ends. */
function runBeside(node, args, env) {
  const child = spawn(node, args, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  watchParent(() => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
}

const [script, ...args] = process.argv.slice(2)
if (!script) fail('usage: launch.mjs <script> [arguments]')
const node = findNode()
const env = {
  ...process.env,
  PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
  NEXT_TELEMETRY_DISABLED: '1',
}
installPackages(env, script !== SERVER || args.includes('--dev'))
const words = [
  '--import',
  pathToFileURL(join(here, 'end-with-launcher.mjs')).href,
  ...flagsFor(script),
  join(root, script),
  ...args,
]
// One process instead of two, where this Node can (22.15 and later): nothing is left that could outlive the other.
if (node === process.execPath && typeof process.execve === 'function')
  process.execve(node, [node, ...words], { ...env, [LAUNCHED_BY]: 'execve' })
else runBeside(node, words, { ...env, [LAUNCHED_BY]: 'spawn' })
