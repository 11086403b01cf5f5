'use client'

import { useRouter } from 'next/navigation'
import type { TargetState } from '@/lib/backups/targets/target-states'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Dialog } from '@/components/ui/dialog'

/** The target is forgotten, its files stay. */
export function RemoveTargetDialog({
  target,
  acts,
  onClose,
}: {
  target: TargetState
  acts: BackupActs
  onClose: () => void
}) {
  const router = useRouter()
  const { submit, pending, message } = useStart(acts.removeTarget, () => {
    router.refresh()
    onClose()
  })
  return (
    <Dialog open title={`Remove target ${target.name}`} onClose={onClose}>
      <OnlyWhoMay act="target.remove">
        <ActForm
          act="Remove target"
          danger
          ready
          pending={pending}
          message={message}
          onClose={onClose}
          onSubmit={() => submit({ targetId: target.id })}
        >
          <p className="text-sm break-names">
            Keyframe forgets {target.path} on {target.host}
            {target.backups > 0 &&
              ` and its ${target.backups === 1 ? 'one backup' : `${target.backups} backups`}`}
            . No file is removed: added again, its backups are found, and checked anew.
          </p>
        </ActForm>
      </OnlyWhoMay>
    </Dialog>
  )
}
