import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { repoDir } from '../../lib/testing/lab/paths.ts'

/**
 * The app under test as one file of JavaScript: a thousand cases start it, and Node takes a fifth of the time for it that it
 * takes for 200 files of TypeScript. Made anew by each run, so it is never older than its sources.
 * @returns its path, inside the repository so that packages with native parts are found from it.
 */
export async function bundleSubject(): Promise<string> {
  const file = join(repoDir, `test-results/faults/subject-${process.pid}.mjs`)
  const bundle = await rolldown({
    input: join(repoDir, 'e2e/faults/subject.ts'),
    platform: 'node',
    external: [/^@node-rs\//],
    resolve: { conditionNames: ['react-server', 'node', 'import', 'default'] },
  })
  try {
    await bundle.write({ file, format: 'esm', codeSplitting: false })
  } finally {
    await bundle.close()
  }
  process.once('exit', () => rmSync(file, { force: true }))
  return file
}
