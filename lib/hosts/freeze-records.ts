import 'server-only'
import { store } from '../store/store.ts'

/** Writes down, before a freeze is asked for, that this guest may be frozen by us from now on. */
export async function recordFreeze(host: string, vmUuid: string, deadlineMs: number): Promise<void> {
  await store()
    .insertInto('freezes')
    .values({ host, vm_uuid: vmUuid, begun_at_ms: Date.now(), deadline_ms: deadlineMs })
    .onConflict((conflict) =>
      conflict.columns(['host', 'vm_uuid']).doUpdateSet({ begun_at_ms: Date.now(), deadline_ms: deadlineMs }),
    )
    .execute()
}

/** The guest is known to be thawed. */
export async function forgetFreeze(host: string, vmUuid: string): Promise<void> {
  await store().deleteFrom('freezes').where('host', '=', host).where('vm_uuid', '=', vmUuid).execute()
}

/** UUIDs of the guests of this host that may be frozen by us. */
export async function readFreezes(host: string): Promise<string[]> {
  return (await store().selectFrom('freezes').select('vm_uuid').where('host', '=', host).execute()).map(
    (row) => row.vm_uuid,
  )
}
