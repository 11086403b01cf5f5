import 'server-only'
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { requireVm } from '../hosts/find-vm.ts'
import { hostByName } from '../hosts/registry.ts'
import { Refusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import { nowMs, wakeSchedules } from './clock.ts'
import { skipWaiting } from './skip-waiting.ts'

const REASON_MAX_CHARACTERS = 200
/** Why a VM can't be left out; after its name. */
const OWN_SCHEDULE = 'has a schedule of its own that is on. Remove that first, or turn it off.'

/** A VM that nobody wants backed up: it counts as neither protected nor unprotected, and its host's schedule passes it by. */
export interface LeftOut {
  host: string
  vmUuid: string
  vmName: string
  /** Empty when none was given. */
  reason: string
  by: string
  /** Epoch ms. */
  atMs: number
}

export const LeaveOutInput = z.object({
  host: z.string(),
  vm: z.string(),
  reason: z.string().trim().max(REASON_MAX_CHARACTERS, `At most ${REASON_MAX_CHARACTERS} characters.`),
})
export const ProtectAgainInput = z.object({ host: z.string(), vm: z.string() })

/** Every VM that is left out, of a host or of all, by name: as it is called now. One that its host no longer has is not shown; should it come back, it is left out still. */
export async function listLeftOut(host?: string): Promise<LeftOut[]> {
  let query = store().selectFrom('left_out_vms').selectAll()
  if (host !== undefined) query = query.where('host', '=', host)
  const all = (await query.execute()).flatMap((row): LeftOut[] => {
    const inventory = hostByName(row.host)?.inventory
    const vm = inventory?.lastKnown.find((each) => each.uuid === row.vm_uuid)
    return !inventory || (inventory.hasRead && !vm)
      ? []
      : [
          {
            host: row.host,
            vmUuid: row.vm_uuid,
            vmName: vm?.name ?? row.vm_name,
            reason: row.reason,
            by: row.by,
            atMs: row.at_ms,
          },
        ]
  })
  return all.sort((one, other) => one.vmName.localeCompare(other.vmName, 'en', { numeric: true }))
}

/** Is this VM left out? `database`: a transaction that acts on the answer. */
export async function isLeftOut(
  host: string,
  vmUuid: string,
  database: Kysely<Schema> = store(),
): Promise<boolean> {
  return (
    (await database
      .selectFrom('left_out_vms')
      .select('vm_uuid')
      .where('host', '=', host)
      .where('vm_uuid', '=', vmUuid)
      .executeTakeFirst()) !== undefined
  )
}

/** Leaves a VM out of protection; of its host's schedule it has no more runs, and nothing removes its backups. Throws Refusal when a schedule of its own makes backups of it; HostDown, VmGone. */
export async function leaveOut(
  input: z.infer<typeof LeaveOutInput>,
  user: { name: string },
): Promise<object> {
  const { vm } = await requireVm(input.host, input.vm)
  const values = { vm_name: vm.name, reason: input.reason, by: user.name, at_ms: nowMs() }
  await store()
    .transaction()
    .execute(async (transaction) => {
      const own = await transaction
        .selectFrom('schedules')
        .select('id')
        .where('host', '=', input.host)
        .where('vm_uuid', '=', vm.uuid)
        .where('enabled', '=', 1)
        .executeTakeFirst()
      if (own) throw new Refusal(`${vm.name} ${OWN_SCHEDULE} Nothing was changed.`)
      await transaction
        .insertInto('left_out_vms')
        .values({ host: input.host, vm_uuid: vm.uuid, ...values })
        .onConflict((conflict) => conflict.columns(['host', 'vm_uuid']).doUpdateSet(values))
        .execute()
      await skipWaiting(
        transaction,
        { host: input.host, vmUuid: vm.uuid },
        'The VM was left out of protection before it began.',
      )
    })
  tell(input.host, vm.uuid)
  return {}
}

/** Takes that back. */
export async function protectAgain(input: z.infer<typeof ProtectAgainInput>): Promise<object> {
  await store()
    .deleteFrom('left_out_vms')
    .where('host', '=', input.host)
    .where('vm_uuid', '=', input.vm)
    .execute()
  tell(input.host, input.vm)
  return {}
}

function tell(host: string, vmUuid: string): void {
  publish({ type: 'backups', host, vmUuid })
  wakeSchedules()
}
