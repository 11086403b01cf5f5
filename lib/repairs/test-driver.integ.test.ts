import { expect, it } from 'vitest'
import { HOST } from '../testing/in-process.ts'
import { testDriverUri } from '../testing/lab/test-driver.ts'
import { startOnLab } from '../testing/on-lab.ts'

const DOMAINS = 300
const { keyframe } = await startOnLab('repairs-many', { uriOf: (own) => testDriverUri(own, DOMAINS) })

it('a host whose VMs have no files is checked without looking for any', async () => {
  await keyframe.uuid('vm-0001')
  const { checkHost } = await import('./check-host.ts')
  const startedAtMs = Date.now()
  expect(await checkHost(HOST)).toMatchObject({ findings: [], folders: [], notes: [] })
  expect(Date.now() - startedAtMs).toBeLessThan(20_000)
})
