import 'server-only'
import { perProcess } from '../server/per-process.ts'
import { store } from '../store/store.ts'

type NameOf = (host: string, vmUuid: string) => string | null
const shared = perProcess<{ nameOf?: NameOf }>('access/vm-names', () => ({}))

/** Says how a VM's name is known, for this folder knows no VMs (lib/start). */
export function nameVmsBy(nameOf: NameOf): void {
  shared.nameOf = nameOf
}

/** What a VM is called now, or was called when a job last worked on it; null when nobody knows. */
export async function vmName(host: string, vmUuid: string): Promise<string | null> {
  const known = shared.nameOf?.(host, vmUuid)
  if (known) return known
  const job = await store()
    .selectFrom('jobs')
    .select('vm_name')
    .where('host', '=', host)
    .where('vm_uuid', '=', vmUuid)
    .orderBy('created_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst()
  return job?.vm_name ?? null
}
