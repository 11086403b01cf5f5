#!/usr/bin/env node
// Runs one of Keyframe's own scripts under the Node it needs, with its packages installed.
// Written for any Node >= 18: a plain Debian machine has 18 or 20 (DESIGN.md, section 7).
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchNode } from './fetch-node.mjs'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** True for the versions that package.json's `engines` names: 22.18 and later. */
function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

function fail(sentence) {
  console.error(`keyframe: ${sentence}`)
  process.exit(1)
}

/** Folder that holds a Node new enough; fetched once from the npm registry, the machine's own stays untouched. */
function nodeFolder() {
  if (isNewEnough(process.versions.node)) return dirname(process.execPath)
  try {
    return fetchNode(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'keyframe'), (words) => console.error(`keyframe: Node ${process.versions.node} is older than 22.18; ${words}`))
  } catch (error) {
    fail(error.message)
  }
}

/**
 * When node_modules is not what package-lock.json says. No script of a package is run: none of ours needs one. Served in production
 * nothing is installed: the service may not write there.
 */
function installPackages(env, mayInstall) {
  const stamp = join(root, 'node_modules', '.keyframe-lock')
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  if (!mayInstall) fail('the npm packages are not those of package-lock.json. Build the app first: npm run build')
  console.error('keyframe: installing the npm packages (package-lock.json)')
  const done = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (done.status !== 0) fail('npm ci failed (its message is above). Is the npm registry reachable?')
  writeFileSync(stamp, lock)
}

const [script, ...args] = process.argv.slice(2)
if (!script) fail('usage: with-node24.mjs <script> [arguments]')
const bin = nodeFolder()
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`, NEXT_TELEMETRY_DISABLED: '1' }
installPackages(env, script !== 'lib/settings/start.ts' || args.includes('--dev'))
// react-server: the condition under which the package `server-only` is empty instead of throwing. Not where Next itself runs: it would render with half of React.
const flags = script.endsWith('.ts') ? ['--disable-warning=ExperimentalWarning', ...(script === 'lib/settings/start.ts' ? [] : ['--conditions=react-server'])] : []
const child = spawn(join(bin, 'node'), [...flags, join(root, script), ...args], { env, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
