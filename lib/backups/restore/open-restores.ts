import 'server-only'
import { hosts } from '../../hosts/registry.ts'
import { isUnreachable } from '../../hosts/unreachable.ts'
import { within } from '../../hosts/within.ts'
import { perProcess } from '../../server/per-process.ts'
import { store } from '../../store/store.ts'
import { openRestoreOf } from './open-restore.ts'
import { restoreInPlaceSaga } from './restore-in-place-saga.ts'

/** A VM that was restored in place and whose old disks are still kept. */
export interface OpenRestoreOfVm {
  host: string
  vmName: string
  backupId: string
  endedAtMs: number
}

const seen = perProcess('backups/restore/open-restores', () => new Map<string, OpenRestoreOfVm | null>())

/** The restores in place that somebody has yet to end. Of a host that is away, or takes longer than `waitMs`, what was seen last: it holds no page up. */
export async function listOpenRestores(waitMs: number): Promise<OpenRestoreOfVm[]> {
  const rows = await store()
    .selectFrom('jobs')
    .select(['host', 'vm_uuid'])
    .distinct()
    .where('kind', '=', restoreInPlaceSaga.kind)
    .where('status', '=', 'succeeded')
    .execute()
  const open = await Promise.all(
    rows.map(async (row): Promise<OpenRestoreOfVm | null> => {
      const key = `${row.host}/${row.vm_uuid}`
      await within(
        lookAt(row.host, row.vm_uuid).then((found) => {
          if (found !== undefined) seen.set(key, found)
        }),
        waitMs,
        null,
      )
      return seen.get(key) ?? null
    }),
  )
  return open.filter((each) => each !== null)
}

/** undefined: nothing can be said now. */
async function lookAt(hostName: string, vmUuid: string): Promise<OpenRestoreOfVm | null | undefined> {
  const host = hosts().get(hostName)
  if (!host) return null
  if (host.connection.status.status !== 'up' || !host.inventory.hasRead) return undefined
  const vm = host.inventory.lastKnown.find((each) => each.uuid === vmUuid)
  if (!vm) return null
  try {
    const restore = await openRestoreOf(host, vm)
    return (
      restore && {
        host: host.name,
        vmName: vm.name,
        backupId: restore.backupId,
        endedAtMs: restore.endedAtMs,
      }
    )
  } catch (error) {
    if (!isUnreachable(error))
      process.stderr.write(
        `keyframe: whether ${vm.name} waits for the end of a restore in place can't be told: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      )
    return undefined
  }
}
