import { writeFileSync } from 'node:fs'
import { endApp, spawnApp, waitForApp } from '../../lib/testing/app-process.ts'
import { attachLab } from '../../lib/testing/lab/lab.ts'
import { isRunning } from '../../lib/testing/lab/processes.ts'
import { type UnderTest, underTest, underTestFile } from '../under-test.ts'

/** Another name lets a second run build and serve beside a first one. */
export const TEST_DIST = process.env.KEYFRAME_TEST_DIST || '.next-test'

export type StartOptions = {
  /** Instead of the lab alone, as `LIBVIRT_URI`. */
  libvirtUri?: string
  env?: Record<string, string>
  /** Where it is written down, instead of this worker's place. */
  file?: string
}

/** Starts the production app over the lab and its data folder, and waits for its sign-in page. */
export async function startTestApp(
  about: Omit<UnderTest, 'app'>,
  options: StartOptions = {},
): Promise<UnderTest> {
  const lab = attachLab(about.labDir)!
  const app = spawnApp({
    distName: TEST_DIST,
    port: about.port,
    libvirtUri: options.libvirtUri ?? `lab=${lab.uri}`,
    dataDir: about.dataDir,
    adminPassword: about.password,
    log: about.appLog,
    env: options.env as NodeJS.ProcessEnv,
  })
  const started = { ...about, app }
  writeFileSync(options.file ?? underTestFile(), JSON.stringify(started))
  await waitForApp(app, about.port, about.appLog)
  return started
}

/** For specs that restart the app; `SIGKILL` is a crash, anything else the orderly end. */
export async function restartTestApp(
  signal: 'SIGKILL' | 'SIGTERM',
  options: StartOptions = {},
): Promise<UnderTest> {
  const before = underTest()
  if (signal === 'SIGKILL' && isRunning(before.app)) process.kill(-before.app.pid, 'SIGKILL')
  await endApp(before.app)
  return startTestApp(before, options)
}
