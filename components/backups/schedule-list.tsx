import type { Schedule } from '@/lib/schedules/types'
import { BackupButton } from '@/components/backups/backup-dialogs'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  schedules: (Schedule & { words: string; targetName: string })[]
  vm: VmRef
}

/** When backups of this VM are made. */
export function ScheduleList({ schedules, vm }: Props) {
  return (
    <section aria-labelledby="schedules" className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-3">
        <h2 id="schedules" className="font-semibold">Schedules</h2>
        <BackupButton dialog={{ act: 'Schedule', vm }} variant="outline" size="small" />
      </div>
      {schedules.length === 0 ? <p className="text-sm text-muted">None: backups are made by hand only.</p> : (
        <ul aria-labelledby="schedules" className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
          {schedules.map((schedule) => {
            const { last, daily, weekly, monthly } = schedule.retention
            const id = `schedule-${schedule.id}`
            return (
              <li key={schedule.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-3 py-2.5 sm:px-4">
                <p id={id} className="min-w-0 flex-1 basis-64 break-names">
                  <span className="font-medium first-letter:uppercase">{schedule.words}</span> to {schedule.targetName}{!schedule.enabled && <span className="text-warn"> · off</span>}
                  <span className="block text-[13px] text-muted">{schedule.method === 'copy' ? 'snapshot, copy, merge' : `incremental, a full every ${schedule.fullEveryDays} days`} · keeps the last {last}, {daily} daily, {weekly} weekly, {monthly} monthly{schedule.vmUuid === null && ' · of the whole host'}</span>
                </p>
                {schedule.vmUuid !== null && <BackupButton dialog={{ act: 'Change schedule', vm, schedule }} variant="outline" size="small" aria-describedby={id} />}
                {schedule.vmUuid !== null && <BackupButton dialog={{ act: 'Remove schedule', id: schedule.id, words: schedule.words }} variant="danger" size="small" aria-describedby={id} />}
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}
