import 'server-only'
import { hosts } from '../hosts/registry.ts'
import { readHosts } from '../hosts/read-hosts.ts'
import { protectionsOf } from '../schedules/protection.ts'
import { perProcess } from '../server/per-process.ts'
import { store } from '../store/store.ts'

/** What a monitor may know without signing in: no name, no number, no reason. */
export interface Health {
  /** failing: Keyframe itself does not work; attention: somebody should look at its pages. */
  status: 'ok' | 'attention' | 'failing'
  database: 'ok' | 'failing'
  hosts: 'up' | 'some down' | 'unknown'
  backups: 'all protected' | 'some not protected' | 'unknown'
}

/** Anybody may ask, as often as they like. */
const SHARED_MS = 5_000
const shared = perProcess<{ last?: { atMs: number; health: Promise<Health> } }>(
  'health/read-health',
  () => ({}),
)

/** How Keyframe is, at most 5 s old. Never rejects. */
export function readHealth(): Promise<Health> {
  if (!shared.last || Date.now() - shared.last.atMs > SHARED_MS)
    shared.last = { atMs: Date.now(), health: look() }
  return shared.last.health
}

async function look(): Promise<Health> {
  try {
    await store().selectFrom('users').select('id').limit(1).execute()
    const views = await readHosts()
    const up = hosts().size > 0 && views.every((host) => host.status === 'up')
    const safe = (await protectionsOf()).every((each) => each.state === 'protected')
    return {
      status: up && safe ? 'ok' : 'attention',
      database: 'ok',
      hosts: up ? 'up' : 'some down',
      backups: backupsOf(up, safe),
    }
  } catch {
    return { status: 'failing', database: 'failing', hosts: 'unknown', backups: 'unknown' }
  }
}

function backupsOf(up: boolean, safe: boolean): Health['backups'] {
  if (!safe) return 'some not protected'
  // Of a host that is not reached nobody knows which VMs it has.
  return up ? 'all protected' : 'unknown'
}
