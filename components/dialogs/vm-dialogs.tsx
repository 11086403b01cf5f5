'use client'

import { createContext, useContext, useState, type ReactNode } from 'react'
import type { Act } from '@/lib/access/permissions'
import { OnlyWhoMay } from '@/components/access/may'
import { DeleteDialog } from '@/components/dialogs/delete-dialog'
import { ForceOffDialog } from '@/components/dialogs/force-off-dialog'
import { MergeDialog } from '@/components/dialogs/merge-dialog'
import type { MergeDisk } from '@/components/dialogs/merge-range-fields'
import { RevertDialog } from '@/components/dialogs/revert-dialog'
import { TakeSnapshotDialog } from '@/components/dialogs/take-snapshot-dialog'
import { Button, type ButtonProps } from '@/components/ui/button'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

export type DialogKind =
  | { act: 'take-snapshot' }
  | { act: 'merge' }
  | { act: 'force-off'; warning: string | null }
  | { act: 'revert'; snapshot: string }
  | { act: 'delete'; snapshot: string; childCount: number }

/** What each dialog's button is called, and which right it asks for. */
const ACTS: Record<DialogKind['act'], { label: string; right: Act }> = {
  'take-snapshot': { label: 'Take snapshot', right: 'snapshot.create' },
  merge: { label: 'Merge', right: 'merge.start' },
  'force-off': { label: 'Force off', right: 'vm.power' },
  revert: { label: 'Revert', right: 'snapshot.revert' },
  delete: { label: 'Delete', right: 'snapshot.delete' },
}

const Show = createContext<(dialog: DialogKind) => void>(() => undefined)

interface Props {
  vm: VmRef
  mergeDisks: MergeDisk[]
  acts: VmActs
  children: ReactNode
  /** After a dialog was closed. */
  onClosed?: (dialog: DialogKind) => void
}

/**
 * Holds the one open dialog of a page. It stands above what is read again while a job runs: a delete takes its own row
 * away, and what it has to say must outlive that.
 */
export function VmDialogs({ vm, mergeDisks, acts, children, onClosed }: Props) {
  const [dialog, setDialog] = useState<DialogKind | null>(null)
  const shared = {
    vm,
    acts,
    onClose: () => {
      setDialog(null)
      if (dialog) onClosed?.(dialog)
    },
  }
  return (
    <Show value={setDialog}>
      {children}
      {dialog && (
        <OnlyWhoMay act={ACTS[dialog.act].right}>
          {dialog.act === 'take-snapshot' && <TakeSnapshotDialog {...shared} />}
          {dialog.act === 'merge' && <MergeDialog {...shared} disks={mergeDisks} />}
          {dialog.act === 'force-off' && <ForceOffDialog {...shared} warning={dialog.warning} />}
          {dialog.act === 'revert' && <RevertDialog {...shared} snapshot={dialog.snapshot} />}
          {dialog.act === 'delete' && (
            <DeleteDialog {...shared} snapshot={dialog.snapshot} childCount={dialog.childCount} />
          )}
        </OnlyWhoMay>
      )}
    </Show>
  )
}

/** The button that opens a dialog, named after its act; none for who may not do it. */
export function ActButton({
  dialog,
  ...button
}: { dialog: DialogKind } & Pick<
  ButtonProps,
  'variant' | 'size' | 'disabled' | 'title' | 'aria-describedby' | 'className'
>) {
  const show = useContext(Show)
  return (
    <OnlyWhoMay act={ACTS[dialog.act].right}>
      <Button {...button} aria-haspopup="dialog" onClick={() => show(dialog)}>
        {ACTS[dialog.act].label}
      </Button>
    </OnlyWhoMay>
  )
}
