import 'server-only'
import { store } from '../store/store.ts'

type NameOf = (host: string, vmUuid: string) => string | null
interface Shared {
  keyframeVmName?: NameOf
}
// Next evaluates this module up to three times in one process (lib/README.md, “Next.js”).
const shared = globalThis as Shared

/** Says how a VM's name is known, for this folder knows no VMs (lib/start). */
export function nameVmsBy(nameOf: NameOf): void {
  shared.keyframeVmName = nameOf
}

/** What a VM is called now, or was called when a job last worked on it; null when nobody knows. */
export async function vmName(host: string, vmUuid: string): Promise<string | null> {
  const known = shared.keyframeVmName?.(host, vmUuid)
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
