import 'server-only'
import { hosts } from '../hosts/registry.ts'
import { publish } from '../live/hub.ts'
import { perProcess } from '../server/per-process.ts'
import { store } from '../store/store.ts'
import { nowMs } from './clock.ts'
import { protectionsOf } from './protection.ts'
import type { Protection, ProtectionChange, ProtectionState } from './types.ts'

type Listener = (change: ProtectionChange) => void | Promise<void>
const listeners = perProcess('schedules/watch-protection', () => new Set<Listener>())

/** Called after the state of a VM's protection, or its first reason, became another one. Written down before, so each change is told once. @returns what ends it. */
export function onProtectionChange(listener: Listener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Compares each VM's protection with what was told last: after jobs end, when runs are due, and once a minute. */
export async function tellProtection(): Promise<void> {
  const told = new Map(
    (await store().selectFrom('protection_states').selectAll().execute()).map((row) => [
      `${row.host}/${row.vm_uuid}`,
      row,
    ]),
  )
  const all = await protectionsOf()
  for (const now of all) {
    const before = told.get(`${now.host}/${now.vmUuid}`)
    const reason = now.reasons[0]?.kind ?? null
    if (before?.state === now.state && before.reason === reason) continue
    await write(now, reason)
    publish({ type: 'backups', host: now.host, vmUuid: now.vmUuid })
    for (const listener of listeners)
      await Promise.resolve(
        listener({ before: (before?.state as ProtectionState | undefined) ?? null, now }),
      ).catch((error: unknown) =>
        process.stderr.write(`keyframe: a listener of protection failed: ${String(error)}\n`),
      )
  }
  // Gone from a host that tells its VMs: not of one that is away.
  const read = new Set(
    [...hosts().values()].filter((host) => host.inventory.hasRead).map((host) => host.name),
  )
  for (const row of told.values())
    if (read.has(row.host) && !all.some((each) => each.host === row.host && each.vmUuid === row.vm_uuid))
      await store()
        .deleteFrom('protection_states')
        .where('host', '=', row.host)
        .where('vm_uuid', '=', row.vm_uuid)
        .execute()
}

async function write(now: Protection, reason: string | null): Promise<void> {
  const values = { vm_name: now.vmName, state: now.state, reason, sentence: now.sentence, since_ms: nowMs() }
  await store()
    .insertInto('protection_states')
    .values({ host: now.host, vm_uuid: now.vmUuid, ...values })
    .onConflict((conflict) => conflict.columns(['host', 'vm_uuid']).doUpdateSet(values))
    .execute()
}
