import type { LeftOut } from '@/lib/schedules/left-out'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ProtectAgainButton } from '@/components/backups/protect-again-button'
import { PROTECTION_WORDS } from '@/components/backups/protection-looks'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'

/** In the place of a VM's protection, where it is left out of it. */
export const LeftOutNotice = ({
  leftOut,
  acts,
}: {
  leftOut: LeftOut
  acts: Pick<BackupActs, 'protectAgain'>
}) => (
  <Notice tone="plain" role="status">
    <p>
      <span className="font-semibold">{PROTECTION_WORDS['left-out']}.</span> {leftOut.reason}
    </p>
    <p className="text-muted">
      By {leftOut.by} <When ms={leftOut.atMs} />. No schedule of its host backs it up, and it does not count
      as unprotected.
    </p>
    <div className="mt-2 flex flex-wrap gap-2 empty:hidden">
      <ProtectAgainButton host={leftOut.host} vm={leftOut.vmUuid} acts={acts} />
    </div>
  </Notice>
)
