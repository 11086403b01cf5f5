import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { deleteVolume } from '../hosts/described-calls.ts'
import type { Host } from '../hosts/host.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { describeUse } from '../storage/describe-use.ts'
import { readFileUsers } from '../storage/file-users.ts'

export interface Removal {
  removed: string[]
  /** Each with the reason why it stays. */
  kept: string[]
}

/** Removes image files that nothing needs, asked anew of every VM and snapshot of every host just before. What could not be asked counts as a need, but not of files that the job itself has made. */
export async function removeUnusedFiles(
  host: Host,
  paths: readonly string[],
  call: LogCall,
  { ofThisJob = false }: { ofThisJob?: boolean } = {},
): Promise<Removal> {
  if (paths.length === 0) return { removed: [], kept: [] }
  host.files.forget()
  host.inventory.invalidate()
  const users = await readFileUsers(host, paths, 'now')
  const removal: Removal = { removed: [], kept: [] }
  for (const path of paths) {
    const [use] = users.of(path)
    const [gap] = ofThisJob ? [] : users.gaps
    if (use)
      removal.kept.push(
        `${path} stays: ${describeUse(use, host.name)} ${use.isSure ? 'needs it' : 'may need it'}.`,
      )
    else if (gap)
      removal.kept.push(`${path} stays, because something may need it that could not be looked at. ${gap}`)
    else {
      try {
        await call(deleteVolume(await host.files.volume(path), host.connection.uri))
        removal.removed.push(path)
      } catch (error) {
        if (!isLibvirtError(error)) throw error
        if ((await host.files.read(path, 0)).kind !== 'missing')
          removal.kept.push(`${path} could not be removed: ${error.message}`)
      }
    }
  }
  host.files.forget()
  return removal
}
