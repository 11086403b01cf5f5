import { existsSync, readFileSync } from 'node:fs'
import { attachLab, type Lab } from '../lib/testing/lab/lab.ts'
import { type ProcessMark } from '../lib/testing/lab/processes.ts'

/** What global-setup.ts started, as the specs need it; written to a file, for they run in another process. */
export type UnderTest = {
  baseUrl: string
  port: number
  username: string
  password: string
  labDir: string
  dataDir: string
  appLog: string
  app: ProcessMark
}

/** One file for each of Playwright's workers, with a colon between: what one spec kills or changes is nothing to the other's. */
export const UNDER_TEST_VARIABLE = 'KEYFRAME_UNDER_TEST'

/** The file of this worker. A worker that takes the place of one whose test failed has its index, too. */
export function underTestFile(): string {
  // Who only lists the specs is no worker.
  const file = process.env[UNDER_TEST_VARIABLE]?.split(':')[Number(process.env.TEST_PARALLEL_INDEX ?? 0)]
  if (!file)
    throw new Error(
      'Nothing is under test: run the specs with `npm run test:e2e`, whose global setup starts the labs and the apps.',
    )
  return file
}

export const readUnderTest = (file: string): UnderTest | undefined =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as UnderTest) : undefined

export function underTest(): UnderTest {
  const file = underTestFile()
  const found = readUnderTest(file)
  if (!found) throw new Error(`There is no ${file}: the global setup did not start the app.`)
  return found
}

/** The libvirt whose VMs the app under test shows. */
export function testLab(): Lab {
  const { labDir } = underTest()
  const lab = attachLab(labDir)
  if (!lab) throw new Error(`There is no lab in ${labDir}.`)
  return lab
}
