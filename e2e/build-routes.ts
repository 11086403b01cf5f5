import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoDir } from '../lib/testing/lab/paths.ts'
import { TEST_DIST } from './app/test-app.ts'

/** Every route of the build, as an address: a new one is included by itself. */
export function routes(): string[] {
  const manifest = JSON.parse(
    readFileSync(join(repoDir, TEST_DIST, 'app-path-routes-manifest.json'), 'utf8'),
  ) as Record<string, string>
  return [...new Set(Object.values(manifest))].map((route) => route.replaceAll(/\[+\.*\w+\]+/g, 'x')).sort()
}
