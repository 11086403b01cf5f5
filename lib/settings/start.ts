/** `npm start`: checks the settings, then serves the built app. `--dev` serves it from source. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSettings, SettingsError, type Settings } from './settings.ts'

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)))
const SECRET_BYTES = 32

function fail(sentence: string): never {
  process.stderr.write(`keyframe: ${sentence}\n`)
  process.exit(1)
}

function readSettings(): Settings {
  try {
    return parseSettings(process.env)
  } catch (error) {
    if (error instanceof SettingsError) fail(error.message)
    throw error
  }
}

/** Signs session cookies; made once and kept, so that a restart signs nobody out. */
function readSecret(dataDirectory: string): string {
  const path = join(dataDirectory, 'secret')
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
    chmodSync(dataDirectory, 0o700)
    const kept = existsSync(path) ? readFileSync(path, 'utf8') : ''
    // Cut short by a full disk or a crash it would sign nothing.
    if (kept.length === SECRET_BYTES * 2) return kept
    const made = randomBytes(SECRET_BYTES).toString('hex')
    writeFileSync(path, made, { mode: 0o600, flush: true })
    return made
  } catch (error) {
    return fail(`KEYFRAME_DATA: the directory ${dataDirectory} can't be used: ${(error as Error).message}`)
  }
}

const dev = process.argv.includes('--dev')
const settings = readSettings()
const dist = process.env.KEYFRAME_DIST || '.next'
if (!dev && !existsSync(join(root, dist, 'BUILD_ID'))) fail(`the app is not built yet (there is no ${dist}). Build it first: npm run build`)

const child = spawn(process.execPath, [join(root, 'node_modules/next/dist/bin/next'), dev ? 'dev' : 'start', '-H', settings.host, '-p', String(settings.port)], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_ENV: dev ? 'development' : 'production',
    // Set before Next loads: next-auth reads them when its module is evaluated, and ignores PORT (DESIGN.md, section 8).
    NEXTAUTH_URL: settings.url,
    NEXTAUTH_SECRET: readSecret(settings.dataDirectory),
    KEYFRAME_DATA: settings.dataDirectory,
  },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' || signal === 'SIGINT' ? 0 : 1)))
