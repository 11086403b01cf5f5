'use client'

import { useState } from 'react'
import type { Act } from '@/lib/access/permissions'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { BackUpManyDialog } from '@/components/many/back-up-many-dialog'
import { useChosenVms } from '@/components/many/chosen-vms'
import { ScheduleManyDialog } from '@/components/many/schedule-many-dialog'
import { SnapshotManyDialog } from '@/components/many/snapshot-many-dialog'
import { Button } from '@/components/ui/button'
import type { VmRef } from '@/components/vm/vm-ref'

const ACTS = {
  'take-snapshots': { label: 'Take snapshots', right: 'snapshot.create', isFirst: true },
  'back-up-now': { label: 'Back up now', right: 'backup.start', isFirst: false },
  schedule: { label: 'Schedule', right: 'schedule.save', isFirst: false },
} as const satisfies Record<string, { label: string; right: Act; isFirst: boolean }>
type ManyAct = keyof typeof ACTS

/** What can be done with the VMs that are chosen; at the foot of the window, within reach of a thumb. */
export function ManyBar({ acts, onPage }: { acts: BackupActs; onPage: VmRef[] }) {
  const { chosen, has, set, clear } = useChosenVms()
  // The VMs as they were when the dialog was opened: what is chosen may change beneath it.
  const [open, setOpen] = useState<{ act: ManyAct; vms: VmRef[] } | null>(null)
  const shared = { onClose: () => setOpen(null), vms: open?.vms ?? [] }
  return (
    <>
      {chosen.length > 0 && (
        <section
          aria-label="Chosen VMs"
          className="sticky bottom-0 z-20 -mx-4 flex flex-wrap items-center gap-2 border-t border-line bg-surface px-4 py-2.5 shadow-[0_-4px_16px_rgb(0_0_0/0.08)] max-sm:pb-[max(0.625rem,env(safe-area-inset-bottom))]"
        >
          <p role="status" className="text-sm font-medium">
            {chosen.length} chosen
          </p>
          {!onPage.every(has) && (
            <Button variant="quiet" size="small" onClick={() => set(onPage, true)}>
              All {onPage.length} here
            </Button>
          )}
          <Button variant="quiet" size="small" onClick={clear}>
            None
          </Button>
          <span className="flex-1 max-sm:hidden" />
          <div className="flex gap-2 max-sm:w-full max-sm:*:flex-1 max-sm:*:px-1">
            {(Object.keys(ACTS) as ManyAct[]).map((act) => (
              <OnlyWhoMay key={act} act={ACTS[act].right}>
                <Button
                  variant={ACTS[act].isFirst ? 'primary' : 'outline'}
                  aria-haspopup="dialog"
                  onClick={() => setOpen({ act, vms: chosen })}
                >
                  {ACTS[act].label}
                </Button>
              </OnlyWhoMay>
            ))}
          </div>
        </section>
      )}
      {open && (
        <OnlyWhoMay act={ACTS[open.act].right}>
          {open.act === 'take-snapshots' && <SnapshotManyDialog {...shared} acts={acts.vm} />}
          {open.act === 'back-up-now' && <BackUpManyDialog {...shared} acts={acts} />}
          {open.act === 'schedule' && <ScheduleManyDialog {...shared} acts={acts} />}
        </OnlyWhoMay>
      )}
    </>
  )
}
