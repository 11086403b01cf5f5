'use client'

import { useRouter } from 'next/navigation'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Dialog } from '@/components/ui/dialog'

/** No more runs; the backups stay. */
export function RemoveScheduleDialog({
  id,
  words,
  acts,
  onClose,
}: {
  id: string
  words: string
  acts: BackupActs
  onClose: () => void
}) {
  const router = useRouter()
  const { submit, pending, message } = useStart(acts.removeSchedule, () => {
    router.refresh()
    onClose()
  })
  return (
    <Dialog open title="Remove schedule" onClose={onClose}>
      <OnlyWhoMay act="schedule.remove">
        <ActForm
          act="Remove schedule"
          danger
          ready
          pending={pending}
          message={message}
          onClose={onClose}
          onSubmit={() => submit({ id })}
        >
          <p className="text-sm">
            No more backups are made {words}. Those that were made stay, and nothing removes them any more.
          </p>
        </ActForm>
      </OnlyWhoMay>
    </Dialog>
  )
}
