import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { deleteVolume } from '../hosts/described-calls.ts'
import type { Host } from '../hosts/host.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { forgetSound } from '../situation/sound-layers.ts'
import { describeUse } from '../storage/describe-use.ts'
import { readFileUsers, type FileUsers } from '../storage/file-users.ts'
import { readOverlays } from '../storage/overlays-of-nobody.ts'

export interface Removal {
  removed: string[]
  /** Each with the reason why it stays. */
  kept: string[]
}

/**
 * Why the file stays; null when nothing needs it. What could not be asked counts as a need, and so does a host that is up but late,
 * whose VMs may have changed since it last answered; but not of files that the job itself has made. One that is down counts with what
 * it last said: else nothing could be tidied up while a host is away for long.
 */
export function whyKept(
  path: string,
  users: FileUsers,
  { host, ofThisJob, own }: { host: string; ofThisJob: boolean; own: boolean },
): string | null {
  const [use] = users.of(path)
  if (use) return `${path} stays: ${describeUse(use, host)} ${use.isSure ? 'needs it' : 'may need it'}.`
  const [gap] = ofThisJob ? [] : [...users.gaps, ...users.late, ...(own ? [] : users.doubts)]
  return gap === undefined
    ? null
    : `${path} stays, because something may need it that could not be looked at. ${gap}`
}

/**
 * Removes image files that nothing needs, asked anew of every VM and snapshot of every host just before. `own`: those that the VM
 * itself once wrote to, which what another VM has lost does not hold up.
 */
export async function removeUnusedFiles(
  host: Host,
  paths: readonly string[],
  call: LogCall,
  { ofThisJob = false, own = [] }: { ofThisJob?: boolean; own?: readonly string[] } = {},
): Promise<Removal> {
  if (paths.length === 0) return { removed: [], kept: [] }
  host.files.forget()
  host.inventory.invalidate()
  const overlays = await readOverlays(host, paths)
  const above = overlays.found.filter(({ path }) => !paths.includes(path))
  const users = await readFileUsers(host, [...paths, ...above.map(({ path }) => path)], 'now')
  const removal: Removal = { removed: [], kept: [] }
  const gone: string[] = []
  for (const path of paths) {
    const overlay = above.find(({ path: each, below }) => below.includes(path) && users.of(each).length === 0)
    const reason =
      whyKept(path, users, { host: host.name, ofThisJob, own: own.includes(path) }) ??
      (overlay ? `${path} stays: ${overlay.path}, which no VM has, stands on it.` : null)
    if (reason !== null) removal.kept.push(reason)
    else {
      try {
        await call(deleteVolume(await host.files.volume(path), host.connection.uri))
        removal.removed.push(path)
        gone.push(path)
      } catch (error) {
        if (!isLibvirtError(error)) throw error
        if ((await host.files.read(path, 0)).kind === 'missing') gone.push(path)
        else removal.kept.push(`${path} could not be removed: ${error.message}`)
      }
    }
  }
  host.files.forget()
  await forgetSound(host.name, gone)
  return removal
}
