import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { cacheDir, repoDir } from '../../lib/testing/lab/paths.ts'
import { runLogged } from '../../lib/testing/lab/run-logged.ts'

const SOURCES = [
  'app',
  'components',
  'lib',
  'public',
  'instrumentation.ts',
  'proxy.ts',
  'package-lock.json',
  'next.config.js',
  'postcss.config.mjs',
]
const BUILD_LIMIT_MS = 10 * 60_000

function filesOf(path: string): string[] {
  if (!existsSync(path)) return []
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      if (['node_modules', 'testing'].includes(entry.name) || /\.test\.tsx?$/.test(entry.name)) return []
      const below = join(path, entry.name)
      return entry.isDirectory() ? filesOf(below) : [below]
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path]
    throw error
  }
}

/** Of everything the production build is made from. */
export function sourcesHash(): string {
  const hash = createHash('sha256')
  for (const file of SOURCES.flatMap((source) => filesOf(join(repoDir, source))).sort())
    hash.update(`${relative(repoDir, file)}\0`).update(readFileSync(file))
  return hash.digest('hex')
}

/** `next build` into a folder of its own, when the sources are not those of the build that is there. */
export async function buildApp(distName: string, say: (line: string) => void): Promise<void> {
  const stamp = join(repoDir, distName, 'keyframe-sources')
  const sources = sourcesHash()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return
  rmSync(stamp, { force: true })
  mkdirSync(join(repoDir, distName), { recursive: true })
  const log = join(cacheDir(), `build${distName}.log`)
  mkdirSync(cacheDir(), { recursive: true })
  rmSync(log, { force: true })
  say(`building the app, about a minute (log: ${log})`)
  await runLogged(process.execPath, ['node_modules/next/dist/bin/next', 'build'], {
    cwd: repoDir,
    log,
    timeoutMs: BUILD_LIMIT_MS,
    env: { ...process.env, KEYFRAME_DIST: distName, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
  })
  writeFileSync(stamp, sources)
}
