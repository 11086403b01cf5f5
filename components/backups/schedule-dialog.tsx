'use client'

import type { Schedule } from '@/lib/schedules/types'
import type { BackupActs } from '@/components/backups/backup-acts'
import { SAVE_SCHEDULE, ScheduleFields } from '@/components/backups/schedule-fields'
import { ActForm } from '@/components/dialogs/act-form'
import { useGet } from '@/components/dialogs/use-get'
import { backupFormPath } from '@/components/paths'
import { Dialog } from '@/components/ui/dialog'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  vm: VmRef
  /** The one that is changed; null = a new one. */
  schedule: Schedule | null
  acts: BackupActs
  onClose: () => void
}

/** When backups of a VM are made, where to, and which stay; its next runs are shown before it is saved. */
export function ScheduleDialog({ vm, schedule, acts, onClose }: Props) {
  const { data: form, message } = useGet(backupFormPath(vm.host, vm.uuid))
  return (
    <Dialog open title={`Schedule of ${vm.name}`} onClose={onClose}>
      {form ? (
        <ScheduleFields
          host={vm.host}
          vmUuid={vm.uuid}
          schedule={schedule}
          targets={form.targets}
          raw={form.disks.some((disk) => disk.refusal === null && disk.format !== 'qcow2')}
          acts={acts}
          onClose={onClose}
        />
      ) : (
        <ActForm
          act={SAVE_SCHEDULE}
          ready={false}
          pending={false}
          message={message}
          onSubmit={() => undefined}
          onClose={onClose}
        >
          <p className="min-h-96 text-sm text-muted">{message ? '' : 'Asking the host…'}</p>
        </ActForm>
      )}
    </Dialog>
  )
}
