import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type ProcessMark } from '../../lib/testing/lab/processes.ts'

// demo folder
// ├── password      of the user admin, mode 0600
// ├── demo.json     the running app: its process, port and build
// ├── app.log
// ├── data/         KEYFRAME_DATA, mode 0700
// └── lab/          see README.md

/**
 * Root's guests run as nobody, who may not enter /root: their folder is below /var/lib. An ordinary user's is not below
 * the home, for QEMU's sockets allow a name of 107 bytes and stand 77 deeper (libvirtd.ts).
 */
export function demoFolder(): string {
  if (process.env.KEYFRAME_DEMO_DIR) return process.env.KEYFRAME_DEMO_DIR
  const uid = process.getuid!()
  return uid === 0 ? '/var/lib/keyframe-demo' : `/var/tmp/keyframe-${uid}`
}

export function openDemoFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o755 })
  // Below /var/tmp anyone could have made it first.
  if (statSync(dir).uid !== process.getuid!())
    throw new Error(
      `${dir} belongs to another user. Set KEYFRAME_DEMO_DIR to a folder of yours with a short name.`,
    )
  mkdirSync(join(dir, 'data'), { recursive: true, mode: 0o700 })
}

export function adminPassword(dir: string): string {
  const file = join(dir, 'password')
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(12).toString('base64url'), { mode: 0o600 })
    chmodSync(file, 0o600)
  }
  return readFileSync(file, 'utf8')
}

export type DemoState = {
  app?: { mark: ProcessMark; port: number; sources: string }
  /** Who starts the demo at this moment, and who stays attached to it. */
  starter?: ProcessMark
}

export function readDemo(dir: string): DemoState {
  const file = join(dir, 'demo.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DemoState) : {}
}

export function writeDemo(dir: string, state: DemoState): void {
  const file = join(dir, 'demo.json')
  writeFileSync(`${file}.new`, JSON.stringify(state, undefined, 2))
  renameSync(`${file}.new`, file)
}

/** Everything of the demo but what is built and cached. */
export function removeDemoFolder(dir: string): void {
  for (const name of ['password', 'demo.json', 'app.log', 'data', 'lab'])
    rmSync(join(dir, name), { recursive: true, force: true })
}
