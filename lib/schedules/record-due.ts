import 'server-only'
import { isHelper } from '../hosts/helper-domain.ts'
import { hostByName } from '../hosts/registry.ts'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { nowMs } from './clock.ts'
import { dueBetween } from './due-runs.ts'
import { isLeftOut } from './left-out.ts'
import { listSchedules } from './read-schedules.ts'
import type { RunOutcome, Schedule } from './types.ts'

export const runId = (scheduleId: string, dueAtMs: number, vmUuid: string): string =>
  `schedule:${scheduleId}:${dueAtMs}:${vmUuid}`

/**
 * Writes down what became due since the last look: for each VM one run, the newest; the ones before it, during which Keyframe did not run,
 * are one line "missed". A run that finds the one before it unfinished is skipped. A host's schedule waits until its VMs are known.
 */
export async function recordDue(): Promise<void> {
  const now = nowMs()
  const all = await listSchedules()
  const rows = await store().selectFrom('schedules').select(['id', 'handled_until_ms']).execute()
  const handled = new Map(rows.map((row) => [row.id, row.handled_until_ms]))
  for (const schedule of all.filter((each) => each.enabled)) {
    const due = dueBetween(schedule, handled.get(schedule.id) ?? now, now)
    if (due.length === 0) continue
    const vms = coveredVms(schedule, all)
    if (vms !== null) await record(schedule, due, vms)
  }
}

/** null: the host has not told its VMs yet. */
function coveredVms(schedule: Schedule, all: readonly Schedule[]): { uuid: string; name: string }[] | null {
  const inventory = hostByName(schedule.host)?.inventory
  const known = inventory?.lastKnown.filter((vm) => !isHelper(vm)) ?? []
  if (schedule.vmUuid !== null)
    return [
      {
        uuid: schedule.vmUuid,
        name: known.find((vm) => vm.uuid === schedule.vmUuid)?.name ?? schedule.vmName ?? schedule.vmUuid,
      },
    ]
  if (!inventory?.hasRead) return null
  const own = new Set(all.filter((each) => each.host === schedule.host).map((each) => each.vmUuid))
  return known.filter((vm) => !own.has(vm.uuid))
}

async function record(
  schedule: Schedule,
  due: readonly number[],
  vms: readonly { uuid: string; name: string }[],
): Promise<void> {
  const dueAtMs = due.at(-1)!
  await store()
    .transaction()
    .execute(async (transaction) => {
      // Removed or turned off at the same instant: nothing is due then.
      const { numUpdatedRows } = await transaction
        .updateTable('schedules')
        .set({ handled_until_ms: dueAtMs })
        .where('id', '=', schedule.id)
        .where('enabled', '=', 1)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return
      for (const vm of vms) {
        if (schedule.vmUuid === null && (await isLeftOut(schedule.host, vm.uuid, transaction))) continue
        const open = await transaction
          .selectFrom('schedule_runs')
          .selectAll()
          .where('schedule_id', '=', schedule.id)
          .where('vm_uuid', '=', vm.uuid)
          .where('outcome', 'in', ['waiting', 'started'])
          .executeTakeFirst()
        const row = (at: number, outcome: RunOutcome, note: string | null) => ({
          id: runId(schedule.id, at, vm.uuid),
          schedule_id: schedule.id,
          host: schedule.host,
          vm_uuid: vm.uuid,
          vm_name: vm.name,
          due_at_ms: at,
          started_at_ms: null,
          job_id: null,
          outcome,
          note,
        })
        const rows = [
          ...(due.length > 1
            ? [
                row(
                  due[0]!,
                  'missed',
                  `${due.length === 2 ? 'One run was' : `${due.length - 1} runs were`} missed while Keyframe did not run or the host was away; the run after made up for ${due.length === 2 ? 'it' : 'them'}.`,
                ),
              ]
            : []),
          open?.outcome === 'started'
            ? row(dueAtMs, 'skipped', 'The run before it was still going.')
            : row(dueAtMs, 'waiting', null),
        ]
        if (open?.outcome === 'waiting')
          await transaction
            .updateTable('schedule_runs')
            .set({
              outcome: 'failed',
              note: `It could not begin before the next run was due. ${open.note ?? ''}`.trim(),
            })
            .where('id', '=', open.id)
            .execute()
        await transaction
          .insertInto('schedule_runs')
          .values(rows)
          .onConflict((conflict) => conflict.column('id').doNothing())
          .execute()
      }
    })
  for (const vm of vms) publish({ type: 'backups', host: schedule.host, vmUuid: vm.uuid })
}
