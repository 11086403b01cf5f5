import 'server-only'
import { requireTarget } from '../backups/targets/targets.ts'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import { requireHost, requireVm } from '../hosts/find-vm.ts'
import { Refusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { nowMs, wakeSchedules } from './clock.ts'
import { toSchedule } from './read-schedules.ts'
import { ScheduleInput } from './schedule-input.ts'
import { skipWaiting } from './skip-waiting.ts'

/** Saves a new schedule, or another form of one. Runs that were due before are not made up for; those that wait to begin are skipped when it is turned off. One of a VM's own that is on ends that the VM is left out of protection. Throws Refusal, HostDown, VmGone; nothing is changed then. */
export async function saveSchedule(
  given: ScheduleInput,
  user: { name: string },
): Promise<{ scheduleId: string }> {
  const input = ScheduleInput.parse(given)
  const { vmName } = await checkPlaces(input)
  const values = {
    host: input.host,
    vm_uuid: input.vmUuid,
    vm_name: vmName,
    target_id: input.targetId,
    method: input.method,
    quiesce: input.quiesce,
    bandwidth: input.bandwidthBytesPerSecond,
    full_every_days: input.fullEveryDays,
    when: JSON.stringify(input.when),
    time_zone: input.timeZone,
    jitter_minutes: input.jitterMinutes,
    retention: JSON.stringify(input.retention),
    recheck_days: input.recheckDays,
    enabled: input.enabled ? 1 : 0,
  }
  const before = await store()
    .transaction()
    .execute(async (transaction) => {
      const row = await transaction
        .selectFrom('schedules')
        .selectAll()
        .where('id', '=', input.id)
        .executeTakeFirst()
      if (input.exists && !row) throw new Refusal('This schedule was removed meanwhile. Reload the page.')
      let twins = transaction
        .selectFrom('schedules')
        .select('id')
        .where('host', '=', input.host)
        .where('target_id', '=', input.targetId)
        .where('id', '!=', input.id)
      twins =
        input.vmUuid === null ? twins.where('vm_uuid', 'is', null) : twins.where('vm_uuid', '=', input.vmUuid)
      // Two retentions would drop each other's backups.
      if (await twins.executeTakeFirst())
        throw new Refusal(
          `${vmName ?? input.host} has a schedule to this target already. Change that one, or choose another target.`,
          { targetId: 'It has a schedule of its own already.' },
        )
      if (input.vmUuid !== null && input.enabled)
        await transaction
          .deleteFrom('left_out_vms')
          .where('host', '=', input.host)
          .where('vm_uuid', '=', input.vmUuid)
          .execute()
      const same =
        row?.when === values.when &&
        row.time_zone === values.time_zone &&
        row.jitter_minutes === values.jitter_minutes &&
        row.enabled === values.enabled
      const handled = same ? row.handled_until_ms : nowMs()
      if (row)
        await transaction
          .updateTable('schedules')
          .set({ ...values, handled_until_ms: handled })
          .where('id', '=', input.id)
          .execute()
      else
        await transaction
          .insertInto('schedules')
          .values({
            id: input.id,
            ...values,
            created_at_ms: nowMs(),
            created_by: user.name,
            handled_until_ms: handled,
          })
          .execute()
      if (!input.enabled)
        await skipWaiting(
          transaction,
          { scheduleId: input.id },
          'The schedule was turned off before it began.',
        )
      return row ? toSchedule(row) : null
    })
  if (before) publish({ type: 'backups', host: before.host, vmUuid: before.vmUuid })
  publish({ type: 'backups', host: input.host, vmUuid: input.vmUuid })
  wakeSchedules()
  return { scheduleId: input.id }
}

/** Are host, VM and target there, and do they fit? Throws Refusal, HostDown, VmGone. @returns the VM's name. */
export async function checkPlaces(
  input: Pick<ScheduleInput, 'host' | 'vmUuid' | 'targetId' | 'method'>,
): Promise<{ vmName: string | null }> {
  requireHost(input.host)
  const target = await requireTarget(input.targetId)
  if (target.host !== input.host)
    throw new Refusal(`${target.name} is a target of ${target.host}: choose one of ${input.host}.`, {
      targetId: 'It belongs to another host.',
    })
  if (input.vmUuid === null) return { vmName: null }
  const { vm } = await requireVm(input.host, input.vmUuid)
  const raw =
    input.method === 'incremental'
      ? vm.description?.disks.find((disk) => snapshotRefusal(disk) === null && disk.format !== 'qcow2')
      : undefined
  if (raw)
    throw new Refusal(
      `${raw.target} is ${raw.format}, which can’t keep a record of what changed. Choose snapshot, copy, merge.`,
      { method: `${raw.target} is not qcow2.` },
    )
  return { vmName: vm.name }
}
