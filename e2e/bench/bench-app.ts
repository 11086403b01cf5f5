import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appUrl, endApp, freePort, spawnApp, waitForApp } from '../../lib/testing/app-process.ts'
import { buildApp } from '../app/build-app.ts'
import { TEST_DIST } from '../app/test-app.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const PASSWORD = 'correct horse battery staple'

export type BenchApp = { url: string; cookie: string }

/** The production app over one host, signed in; ended when `act` is. */
export async function withApp<T>(
  libvirtUri: string,
  say: (line: string) => void,
  act: (app: BenchApp) => Promise<T>,
): Promise<T> {
  const distName = process.env.KEYFRAME_DIST ?? TEST_DIST
  await buildApp(distName, say)
  const dir = mkdtempSync(join(tmpdir(), 'kf-bench-'))
  const dataDir = join(dir, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  const port = await freePort()
  const log = join(dir, 'app.log')
  const app = spawnApp({ distName, port, libvirtUri, dataDir, adminPassword: PASSWORD, log })
  // It has a process group of its own, which Ctrl-C does not reach.
  const end = () => void endApp(app).then(() => process.exit(130))
  for (const signal of SIGNALS) process.on(signal, end)
  try {
    await waitForApp(app, port, log)
    const url = appUrl(port)
    return await act({ url, cookie: await signIn(url) })
  } finally {
    for (const signal of SIGNALS) process.off(signal, end)
    await endApp(app)
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Posts the form of the sign-in page as a browser without JavaScript does. */
async function signIn(url: string): Promise<string> {
  const page = await (await fetch(`${url}/login`)).text()
  const form = new FormData()
  for (const [tag] of page.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    form.set(/name="([^"]*)"/.exec(tag)![1]!, /value="([^"]*)"/.exec(tag)?.[1] ?? '')
  }
  form.set('username', 'admin')
  form.set('password', PASSWORD)
  const answer = await fetch(`${url}/login`, {
    method: 'POST',
    body: form,
    redirect: 'manual',
    headers: { origin: url },
  })
  const cookie = answer.headers
    .getSetCookie()
    .find((each) => each.includes('keyframe-session='))
    ?.split(';')[0]
  if (!cookie)
    throw new Error(`The sign-in gave no session: ${answer.status} ${answer.headers.get('location')}`)
  return cookie
}
