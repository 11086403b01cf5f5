import { mkdirSync } from 'node:fs'
import { type LabUser } from './lab-user.ts'
import { run } from './run-command.ts'

/** Needs root. `mount -o remount,size=` on the path makes room later. */
export async function mountTmpfs(path: string, sizeBytes: number, user: LabUser): Promise<void> {
  if (process.getuid!() !== 0)
    throw new Error('A small file system for the test needs root: run the tests as root.')
  mkdirSync(path, { recursive: true })
  await run('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${sizeBytes},mode=0755,uid=${user.uid},gid=${user.gid}`,
    'keyframe-lab',
    path,
  ])
}

export async function resizeTmpfs(path: string, sizeBytes: number): Promise<void> {
  await run('mount', ['-o', `remount,size=${sizeBytes}`, path])
}

export async function unmountAll(paths: string[]): Promise<void> {
  for (const path of paths) await run('umount', ['-l', path]).catch(() => {})
}
