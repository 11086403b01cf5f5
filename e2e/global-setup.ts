import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FullConfig } from '@playwright/test'
import { endApp, freePort } from '../lib/testing/app-process.ts'
import { buildApp } from './app/build-app.ts'
import { DB, WEB } from '../lib/testing/lab/guest.ts'
import { startLab } from '../lib/testing/lab/lab.ts'
import { provision } from '../lib/testing/lab/provision.ts'
import { testFolder } from '../lib/testing/lab/test-lab.ts'
import { startTestApp, TEST_DIST } from './app/test-app.ts'
import { readUnderTest, UNDER_TEST_VARIABLE } from './under-test.ts'

const say = (line: string) => console.log(`keyframe: ${line}`)

/** For each worker a lab with the demo's two guests and the production app over it; gives the function that ends them, by pid. */
export default async function globalSetup({ workers }: FullConfig): Promise<() => Promise<void>> {
  const files = Array.from({ length: workers }, () => join(testFolder(), 'under-test.json'))
  process.env[UNDER_TEST_VARIABLE] = files.join(':')
  const ends: (() => Promise<unknown>)[] = []
  const teardown = async () => {
    await Promise.all(ends.map((end) => end()))
    for (const dir of files.map(dirname))
      if (process.env.KEYFRAME_KEEP) say(`kept ${dir}`)
      else rmSync(dir, { recursive: true, force: true })
  }
  try {
    await provision({ forTests: true, say })
    await buildApp(TEST_DIST, say)
    say(`booting web and db, ${workers} times`)
    for (const one of await Promise.allSettled(files.map((file) => start(file, ends))))
      if (one.status === 'rejected') throw one.reason
  } catch (error) {
    await teardown().catch(() => {})
    throw error
  }
  return teardown
}

async function start(file: string, ends: (() => Promise<unknown>)[]): Promise<void> {
  const dir = dirname(file)
  mkdirSync(join(dir, 'data'), { mode: 0o700 })
  const lab = await startLab({ dir: join(dir, 'lab'), name: 'e2e', owned: true, say })
  ends.push(async () => {
    const app = readUnderTest(file)?.app
    if (app) await endApp(app)
    await lab.stop()
  })
  for (const guest of [WEB, DB]) await lab.defineGuest(guest)
  const port = await freePort()
  const guests = Promise.all([lab.startGuest(WEB.name), lab.startGuest(DB.name)])
  const app = startTestApp(
    {
      baseUrl: `http://127.0.0.1:${port}`,
      port,
      username: 'admin',
      password: 'correct horse battery staple',
      labDir: lab.dir,
      dataDir: join(dir, 'data'),
      appLog: join(dir, 'app.log'),
    },
    { file },
  )
  for (const one of await Promise.allSettled([guests, app])) if (one.status === 'rejected') throw one.reason
}
