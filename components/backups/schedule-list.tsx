import type { Schedule } from '@/lib/schedules/types'
import { BackupButton } from '@/components/backups/backup-dialogs'
import { ScheduleLine } from '@/components/backups/schedule-line'
import { PageLink } from '@/components/page-link'
import { hostSchedulesPath } from '@/components/paths'
import type { VmRef } from '@/components/vm/vm-ref'

const OWN_SCHEDULE = 'It has a schedule of its own that is on. Remove that first, or turn it off.'

interface Props {
  schedules: (Schedule & { words: string; targetName: string })[]
  vm: VmRef
  isLeftOut: boolean
}

/** When backups of this VM are made. */
export function ScheduleList({ schedules, vm, isLeftOut }: Props) {
  const own = schedules.some((schedule) => schedule.vmUuid !== null && schedule.enabled)
  return (
    <section aria-labelledby="schedules" className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-3">
        <h2 id="schedules" className="font-semibold">
          Schedules
        </h2>
        <BackupButton dialog={{ act: 'schedule', vm }} variant="outline" size="small" />
        {!isLeftOut && (
          <BackupButton
            dialog={{ act: 'leave-out', vm }}
            variant="quiet"
            size="small"
            disabled={own}
            title={own ? OWN_SCHEDULE : 'For a VM that needs no backups, a template say'}
            aria-describedby={own ? 'no-leave-out' : undefined}
          />
        )}
        {!isLeftOut && own && (
          <span id="no-leave-out" className="sr-only">
            {OWN_SCHEDULE}
          </span>
        )}
      </div>
      {schedules.length === 0 ? (
        <p className="text-sm text-muted">None: backups are made by hand only.</p>
      ) : (
        <ul
          aria-labelledby="schedules"
          className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
        >
          {schedules.map((schedule) =>
            schedule.vmUuid === null ? (
              <ScheduleLine
                key={schedule.id}
                schedule={schedule}
                words={schedule.words}
                targetName={schedule.targetName}
                of={
                  <>
                    This is{' '}
                    <PageLink
                      href={hostSchedulesPath()}
                      className="underline max-sm:inline-block max-sm:py-2"
                    >
                      the schedule of its host
                    </PageLink>
                    , {schedule.host}. One of its own would take its place.
                  </>
                }
              />
            ) : (
              <ScheduleLine
                key={schedule.id}
                schedule={schedule}
                words={schedule.words}
                targetName={schedule.targetName}
              >
                {(id) => (
                  <>
                    <BackupButton
                      dialog={{ act: 'change-schedule', vm, schedule }}
                      variant="outline"
                      size="small"
                      aria-describedby={id}
                    />
                    <BackupButton
                      dialog={{ act: 'remove-schedule', id: schedule.id, words: schedule.words }}
                      variant="danger"
                      size="small"
                      aria-describedby={id}
                    />
                  </>
                )}
              </ScheduleLine>
            ),
          )}
        </ul>
      )}
    </section>
  )
}
