import 'server-only'
import { listBackups } from '../backups/catalogue/catalogue.ts'
import { previewRetention } from '../backups/retention/start-remove.ts'
import { nowMs } from './clock.ts'
import { nextDue } from './due-runs.ts'
import { listLeftOut } from './left-out.ts'
import { listSchedules } from './read-schedules.ts'
import { checkPlaces } from './save-schedule.ts'
import { ScheduleInput } from './schedule-input.ts'
import type { SchedulePreview } from './types.ts'
import { describeWhen } from './when.ts'

const SHOWN_RUNS = 5

/** What a schedule would do, before it is saved. Changes nothing. Throws what `saveSchedule` throws for its places. */
export async function previewSchedule(given: ScheduleInput): Promise<SchedulePreview> {
  const input = ScheduleInput.parse(given)
  await checkPlaces(input)
  const backups = await listBackups({
    targetId: input.targetId,
    ...(input.vmUuid === null ? {} : { vmUuid: input.vmUuid }),
  })
  const ofHost = await listSchedules({ host: input.host })
  const leftOut = await listLeftOut(input.host)
  const others =
    input.vmUuid === null
      ? new Set([...ofHost, ...leftOut].map((each) => each.vmUuid))
      : new Set<string | null>()
  const names = new Map(
    backups.filter((backup) => !others.has(backup.vmUuid)).map((backup) => [backup.vmUuid, backup.vmName]),
  )
  return {
    words: describeWhen(input.when, input.timeZone),
    beside: ofHost
      .filter(
        (other) =>
          other.id !== input.id && other.enabled && other.vmUuid !== null && other.vmUuid === input.vmUuid,
      )
      .map((other) => describeWhen(other.when, other.timeZone)),
    endsLeftOut: input.enabled
      ? (leftOut.find((each) => each.vmUuid === input.vmUuid)?.reason ?? null)
      : null,
    nextRuns: nextDue(input, nowMs(), SHOWN_RUNS).map((atMs) => ({ atMs })),
    retention: await Promise.all(
      [...names].map(async ([vmUuid, vmName]) => ({
        vmUuid,
        vmName,
        verdicts: await previewRetention(input.targetId, vmUuid, input.retention, input.timeZone),
      })),
    ),
  }
}
