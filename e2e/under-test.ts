import { readFileSync } from 'node:fs'
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

export const UNDER_TEST_VARIABLE = 'KEYFRAME_UNDER_TEST'

export function underTest(): UnderTest {
  const file = process.env[UNDER_TEST_VARIABLE]
  if (!file)
    throw new Error(
      'Nothing is under test: run the specs with `npm run test:e2e`, whose global setup starts the lab and the app.',
    )
  return JSON.parse(readFileSync(file, 'utf8')) as UnderTest
}

/** The libvirt whose VMs the app under test shows. */
export function testLab(): Lab {
  const { labDir } = underTest()
  const lab = attachLab(labDir)
  if (!lab) throw new Error(`There is no lab in ${labDir}.`)
  return lab
}
