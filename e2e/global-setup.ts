import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endApp, freePort } from '../lib/testing/app-process.ts'
import { buildApp } from './app/build-app.ts'
import { DB, WEB } from '../lib/testing/lab/guest.ts'
import { startLab } from '../lib/testing/lab/lab.ts'
import { provision } from '../lib/testing/lab/provision.ts'
import { testFolder } from '../lib/testing/lab/test-lab.ts'
import { startTestApp, TEST_DIST } from './app/test-app.ts'
import { UNDER_TEST_VARIABLE, underTest } from './under-test.ts'

const say = (line: string) => console.log(`keyframe: ${line}`)

/** A lab with the demo's two guests and the production app over it; gives the function that ends them, by pid. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const dir = testFolder()
  process.env[UNDER_TEST_VARIABLE] = join(dir, 'under-test.json')
  const ends: (() => Promise<unknown>)[] = []
  const teardown = async () => {
    for (const end of ends.reverse()) await end()
    if (process.env.KEYFRAME_KEEP) say(`kept ${dir}`)
    else rmSync(dir, { recursive: true, force: true })
  }
  try {
    await provision({ forTests: true, say })
    await buildApp(TEST_DIST, say)
    mkdirSync(join(dir, 'data'), { mode: 0o700 })
    const lab = await startLab({ dir: join(dir, 'lab'), name: 'e2e', owned: true, say })
    ends.push(() => lab.stop())
    for (const guest of [WEB, DB]) await lab.defineGuest(guest)
    say('booting web and db')
    const port = await freePort()
    const guests = Promise.all([lab.startGuest(WEB.name), lab.startGuest(DB.name)])
    ends.push(() => endApp(underTest().app))
    const app = startTestApp({
      baseUrl: `http://127.0.0.1:${port}`,
      port,
      username: 'admin',
      password: 'correct horse battery staple',
      labDir: lab.dir,
      dataDir: join(dir, 'data'),
      appLog: join(dir, 'app.log'),
    })
    for (const one of await Promise.allSettled([guests, app])) if (one.status === 'rejected') throw one.reason
  } catch (error) {
    await teardown().catch(() => {})
    throw error
  }
  return teardown
}
