import type { BackupView } from '@/lib/backups/catalogue/vm-backups'
import { BackupButton } from '@/components/backups/backup-dialogs'
import { checkLook } from '@/components/backups/check-looks'
import { formatBytes } from '@/components/format-bytes'
import { formatDuration } from '@/components/format-time'
import { PageLink } from '@/components/page-link'
import type { VmRef } from '@/components/vm/vm-ref'
import { When } from '@/components/when'

/** Id of the line of a page that says why its VM can't be restored in place. */
export const IN_PLACE_REFUSAL = 'in-place-refusal'
/** A month of nights; each has a page's worth of details. */
const SHOWN = 30

/** A VM's backups in one target, the newest first: `all`, or the last thirty. `vm` is null when the VM is gone: its backups can still be restored. `inPlaceRefusal`: why none can be restored in place now. */
export function BackupList({
  label,
  backups,
  vm,
  all,
  inPlaceRefusal = null,
}: {
  label: string
  backups: BackupView[]
  vm: VmRef | null
  all: boolean
  inPlaceRefusal?: string | null
}) {
  const shown = all ? backups : backups.slice(0, SHOWN)
  return (
    <>
      <ul
        aria-label={label}
        className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
      >
        {shown.map((backup) => (
          <BackupItem key={backup.id} backup={backup} vm={vm} inPlaceRefusal={inPlaceRefusal} />
        ))}
      </ul>
      {shown.length < backups.length && (
        <p className="text-sm">
          <PageLink href="?all" className="text-accent underline max-sm:inline-block max-sm:py-2">
            All {backups.length}
          </PageLink>
        </p>
      )}
    </>
  )
}

function BackupItem({
  backup,
  vm,
  inPlaceRefusal,
}: {
  backup: BackupView
  vm: VmRef | null
  inPlaceRefusal: string | null
}) {
  const { word, colour } = checkLook({ check: backup.check, isFaulty: backup.fault !== null })
  const id = `backup-${backup.targetId}-${backup.id}`
  return (
    <li className="flex flex-col gap-1 px-3 py-2.5 sm:px-4">
      <p id={id} className="flex flex-wrap items-baseline gap-x-3">
        <span className="font-medium">
          <When ms={backup.createdAtMs} />
        </span>
        <span className={`font-medium ${colour}`}>{word}</span>
        <span className="text-muted">
          {backup.kind} · {formatBytes(backup.bytes)} · {formatDuration(backup.tookMs / 1000)} ·{' '}
          {backup.consistency}
        </span>
      </p>
      {backup.fault !== null && <p className="text-danger">It can’t be restored. {backup.fault}</p>}
      {backup.leftOut.map((disk) => (
        <p key={disk.target} className="text-warn">
          {disk.target} is not in it: {disk.reason}
        </p>
      ))}
      <details className="text-[13px] text-muted">
        <summary className="w-fit py-1 hover:text-ink max-sm:py-3">Details</summary>
        <ul className="flex list-disc flex-col gap-1 pl-5 break-names">
          <li>{backup.id}</li>
          {backup.disks.map((disk) => (
            <li key={disk.target}>
              {disk.target}, {formatBytes(disk.virtualBytes)}
            </li>
          ))}
          {backup.parentId !== null && <li>It rests on {backup.parentId}.</li>}
          {backup.fullReason !== null && <li>{backup.fullReason}</li>}
          {backup.checkNote !== null && backup.checkedAtMs !== null && (
            <li>
              Checked <When ms={backup.checkedAtMs} />: {backup.checkNote}
            </li>
          )}
          {backup.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      </details>
      <div className="flex flex-wrap gap-2 empty:hidden">
        <BackupButton
          dialog={{ act: 'restore-as-new-vm', backup }}
          variant="outline"
          size="small"
          disabled={backup.fault !== null}
          aria-describedby={id}
        />
        {vm && (
          <BackupButton
            dialog={{ act: 'restore-in-place', backup, vm }}
            variant="outline"
            size="small"
            disabled={backup.fault !== null || inPlaceRefusal !== null}
            title={inPlaceRefusal ?? undefined}
            aria-describedby={inPlaceRefusal === null ? id : `${id} ${IN_PLACE_REFUSAL}`}
          />
        )}
        <BackupButton
          dialog={{ act: 'check', backup }}
          variant="outline"
          size="small"
          aria-describedby={id}
        />
        <BackupButton
          dialog={{ act: 'remove', backup }}
          variant="danger"
          size="small"
          aria-describedby={id}
        />
      </div>
    </li>
  )
}
