import { afterAll, beforeAll, expect, it } from 'vitest'
import { HOST, startKeyframe, type Keyframe } from '../testing/in-process.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { testDriverUri } from '../testing/lab/test-driver.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'

const DOMAINS = 300
let lab: Lab
let keyframe: Keyframe
beforeAll(async () => {
  lab = await startTestLab('repairs-many')
  keyframe = await startKeyframe({ uri: testDriverUri(lab, DOMAINS) })
})
afterAll(async () => {
  await keyframe?.stop()
  await lab?.stop({ remove: true })
})

it('a host whose VMs have no files is checked without looking for any', async () => {
  await keyframe.uuid('vm-0001')
  const { checkHost } = await import('./check-host.ts')
  const startedAtMs = Date.now()
  expect(await checkHost(HOST)).toMatchObject({ findings: [], folders: [], notes: [] })
  expect(Date.now() - startedAtMs).toBeLessThan(20_000)
})
