import 'server-only'
import { z } from 'zod'
import { requireVm } from '../hosts/find-vm.ts'
import { Refusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { nowMs, wakeSchedules } from './clock.ts'
import { listSchedules } from './read-schedules.ts'

const REASON_MAX_CHARACTERS = 200

/** A VM that nobody wants backed up: it counts as neither protected nor unprotected, and its host's schedule passes it by. */
export interface LeftOut {
  host: string
  vmUuid: string
  /** As it was called then. */
  vmName: string
  /** Empty when none was given. */
  reason: string
  by: string
  /** Epoch ms. */
  atMs: number
}

export const LeaveOutInput = z.object({ host: z.string(), vm: z.string(), reason: z.string().trim().max(REASON_MAX_CHARACTERS, `At most ${REASON_MAX_CHARACTERS} characters.`) })
export const ProtectAgainInput = z.object({ host: z.string(), vm: z.string() })

/** Every VM that is left out, of a host or of all, by name. */
export async function listLeftOut(host?: string): Promise<LeftOut[]> {
  let query = store().selectFrom('left_out_vms').selectAll().orderBy('vm_name')
  if (host !== undefined) query = query.where('host', '=', host)
  return (await query.execute()).map((row) => ({ host: row.host, vmUuid: row.vm_uuid, vmName: row.vm_name, reason: row.reason, by: row.by, atMs: row.at_ms }))
}

/** Leaves a VM out of protection. Its backups stay. Throws Refusal when a schedule of its own makes backups of it; HostDown, VmGone. */
export async function leaveOut(input: z.infer<typeof LeaveOutInput>, user: { name: string }): Promise<object> {
  const { vm } = await requireVm(input.host, input.vm)
  if ((await listSchedules({ host: input.host })).some((schedule) => schedule.vmUuid === vm.uuid)) throw new Refusal(`${vm.name} has a schedule of its own. Remove that first, or turn it off instead. Nothing was changed.`)
  const values = { vm_name: vm.name, reason: input.reason, by: user.name, at_ms: nowMs() }
  await store().transaction().execute(async (transaction) => {
    await transaction.insertInto('left_out_vms').values({ host: input.host, vm_uuid: vm.uuid, ...values }).onConflict((conflict) => conflict.columns(['host', 'vm_uuid']).doUpdateSet(values)).execute()
    await transaction.updateTable('schedule_runs').set({ outcome: 'skipped', note: 'The VM was left out of protection before it began.' }).where('host', '=', input.host).where('vm_uuid', '=', vm.uuid).where('outcome', '=', 'waiting').execute()
  })
  tell(input.host, vm.uuid)
  return {}
}

/** Takes that back. A VM that is gone meanwhile, too, is forgotten. */
export async function protectAgain(input: z.infer<typeof ProtectAgainInput>): Promise<object> {
  await store().deleteFrom('left_out_vms').where('host', '=', input.host).where('vm_uuid', '=', input.vm).execute()
  tell(input.host, input.vm)
  return {}
}

function tell(host: string, vmUuid: string): void {
  publish({ type: 'backups', host, vmUuid })
  wakeSchedules()
}
