import 'server-only'
import { hosts } from '../hosts/registry.ts'
import { store } from '../store/store.ts'
import { openRestoreOf } from './open-restore.ts'
import { restoreInPlaceSaga } from './restore-in-place-saga.ts'

/** A VM that was restored in place and whose old disks are still kept. */
export interface OpenRestoreOfVm {
  host: string
  vmName: string
  backupId: string
  endedAtMs: number
}

/** The restores in place that somebody has yet to end, of all hosts that are up. A host that takes longer than `waitMs` is left out, so that it holds no page up. */
export async function listOpenRestores(waitMs: number): Promise<OpenRestoreOfVm[]> {
  const rows = await store().selectFrom('jobs').select(['host', 'vm_uuid']).distinct().where('kind', '=', restoreInPlaceSaga.kind).where('status', '=', 'succeeded').execute()
  const open = await Promise.all(rows.map(async (row): Promise<OpenRestoreOfVm[]> => {
    const host = hosts().get(row.host)
    const vm = host?.inventory.lastKnown.find((each) => each.uuid === row.vm_uuid)
    if (!host || !vm || host.connection.status.status !== 'up') return []
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<null>((resolve) => { timer = setTimeout(() => resolve(null), waitMs) })
    const restore = await Promise.race([openRestoreOf(host, vm).catch(() => null), late]).finally(() => clearTimeout(timer))
    return restore === null ? [] : [{ host: host.name, vmName: vm.name, backupId: restore.backupId, endedAtMs: restore.endedAtMs }]
  }))
  return open.flat()
}
