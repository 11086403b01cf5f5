import type { TargetState } from '@/lib/backups/targets/target-states'
import type { Protection, Schedule } from '@/lib/schedules/types'
import { describeWhen } from '@/lib/schedules/when'
import { BackupButton } from '@/components/backups/backup-dialogs'
import { ScheduleLine } from '@/components/backups/schedule-line'

interface Props {
  hosts: string[]
  /** Of all hosts; those of VMs are left out. */
  schedules: readonly Schedule[]
  targets: TargetState[]
  protections: readonly Protection[]
}

/** Schedules that cover whole hosts. */
export function HostSchedules({ hosts, schedules, targets, protections }: Props) {
  const ofHosts = schedules.filter((schedule) => schedule.vmUuid === null)
  return (
    <section aria-labelledby="host-schedules" className="flex min-w-0 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-3">
        <h2 id="host-schedules" className="font-semibold">
          Schedules of hosts
        </h2>
        {hosts.length > 0 && (
          <BackupButton dialog={{ act: 'schedule-a-host', hosts, targets }} variant="outline" size="small" />
        )}
      </div>
      {ofHosts.length === 0 ? (
        <p className="text-sm text-muted">None: each VM is backed up by its own schedule.</p>
      ) : (
        <ul
          aria-labelledby="host-schedules"
          className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
        >
          {ofHosts.map((schedule) => {
            const words = describeWhen(schedule.when, schedule.timeZone)
            const covered = protections.filter(
              (each) => each.host === schedule.host && each.scheduleIds.includes(schedule.id),
            ).length
            return (
              <ScheduleLine
                key={schedule.id}
                schedule={schedule}
                words={words}
                targetName={
                  targets.find((target) => target.id === schedule.targetId)?.name ?? 'a target that is gone'
                }
                of={
                  <>
                    {schedule.host}: it covers {covered === 1 ? 'one VM' : `${covered} VMs`}, those without a
                    schedule of their own that are not left out.
                  </>
                }
              >
                {(id) => (
                  <>
                    <BackupButton
                      dialog={{ act: 'change-schedule', vm: null, schedule, targets }}
                      variant="outline"
                      size="small"
                      aria-describedby={id}
                    />
                    <BackupButton
                      dialog={{
                        act: 'remove-schedule',
                        id: schedule.id,
                        words: `of ${schedule.host} ${words}`,
                      }}
                      variant="danger"
                      size="small"
                      aria-describedby={id}
                    />
                  </>
                )}
              </ScheduleLine>
            )
          })}
        </ul>
      )}
    </section>
  )
}
