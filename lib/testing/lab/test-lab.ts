import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endApp } from '../app-process.ts'
import { attachLab, type Lab, startLab } from './lab.ts'
import { type ProcessMark } from './processes.ts'

// Not os.tmpdir(): sockets stand deep below it, and TMPDIR can be long.
const PLACE = '/tmp'
const PREFIX = 'kf-test-'

/** A folder with a short name that the guests' user may enter. */
export function testFolder(): string {
  const dir = mkdtempSync(join(PLACE, PREFIX))
  chmodSync(dir, 0o755)
  return dir
}

/** A lab that ends with the test: call `stop({ remove: true })`; if the process dies first, the next run sweeps it. */
export async function startTestLab(name = 'test'): Promise<Lab> {
  const dir = testFolder()
  try {
    return await startLab({ dir, name, owned: true })
  } catch (error) {
    await attachLab(dir)?.stop({ remove: true })
    throw error
  }
}

/** Ends what the labs of dead test runs left; gives their folders. */
export async function sweepTestLabs(): Promise<string[]> {
  const swept: string[] = []
  for (const name of readdirSync(PLACE)) {
    if (!name.startsWith(PREFIX)) continue
    const dir = join(PLACE, name)
    const lab = attachLab(dir) ?? attachLab(join(dir, 'lab'))
    if (!lab || lab.isOwned()) continue
    // The app that e2e/global-setup.ts started beside its lab.
    const underTest = join(dir, 'under-test.json')
    if (existsSync(underTest))
      await endApp((JSON.parse(readFileSync(underTest, 'utf8')) as { app: ProcessMark }).app)
    await lab.stop()
    rmSync(dir, { recursive: true, force: true })
    swept.push(dir)
  }
  return swept
}
