import type { Mend, Protection } from '@/lib/schedules/types'
import type { BackupView } from '@/lib/backups/catalogue/vm-backups'
import { OnlyWhoMay } from '@/components/access/may'
import { BackupButton } from '@/components/backups/backup-dialogs'
import { PROTECTION_TONES, PROTECTION_WORDS } from '@/components/backups/protection-looks'
import { PageLink } from '@/components/page-link'
import { backupsPath, hostSchedulesPath, vmBackupsPath } from '@/components/paths'
import { buttonStyle } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'
import type { Schedule } from '@/lib/schedules/types'

interface Props {
  protection: Protection
  schedules: readonly Schedule[]
  /** To check one. */
  backups: readonly BackupView[]
}

/** Whether this VM is protected, one plain answer; else why not, and the button that mends it. */
export function ProtectionLine({ protection, schedules, backups }: Props) {
  const { state, sentence, reasons, mend, lastGood, nextRunMs } = protection
  return (
    <Notice tone={PROTECTION_TONES[state]} role="status">
      <p>
        <span className="font-semibold">{PROTECTION_WORDS[state]}.</span> {sentence}
      </p>
      {reasons.slice(1).map((reason) => (
        <p key={reason.sentence}>{reason.sentence}</p>
      ))}
      <p className="text-muted">
        {lastGood ? (
          <>
            Last good backup <When ms={lastGood.atMs} /> on {lastGood.targetName}.{' '}
          </>
        ) : (
          'There is no good backup. '
        )}
        {nextRunMs !== null && (
          <>
            Next run <When ms={nextRunMs} />.
          </>
        )}
      </p>
      {mend && (
        <div className="mt-2 empty:hidden">
          <MendButton mend={mend} protection={protection} schedules={schedules} backups={backups} />
        </div>
      )}
    </Notice>
  )
}

/** The button that mends what is in the way. */
export function MendButton({ mend, protection, schedules, backups }: { mend: Mend } & Props) {
  const vm = { host: protection.host, uuid: protection.vmUuid, name: protection.vmName }
  const look = { variant: 'outline', size: 'small' } as const
  switch (mend.act) {
    case 'schedule': {
      const schedule = schedules.find((each) => each.id === mend.scheduleId)
      if (schedule?.vmUuid === null)
        return (
          <OnlyWhoMay act="schedule.save">
            <PageLink href={hostSchedulesPath()} className={buttonStyle(look)}>
              See its host’s schedule
            </PageLink>
          </OnlyWhoMay>
        )
      return (
        <BackupButton
          {...look}
          dialog={schedule ? { act: 'change-schedule', vm, schedule } : { act: 'schedule', vm }}
        />
      )
    }
    case 'backup':
    case 'retry':
      return mend.scheduleId === null ? (
        <BackupButton {...look} dialog={{ act: 'back-up-now', vm }} />
      ) : (
        <BackupButton {...look} dialog={{ act: 'back-up-as-scheduled', vm, scheduleId: mend.scheduleId }} />
      )
    case 'check': {
      const backup = backups.find((each) => each.id === mend.backupId && each.targetId === mend.targetId)
      return backup ? (
        <BackupButton {...look} dialog={{ act: 'check', backup }} />
      ) : (
        <OnlyWhoMay act="backup.check">
          <PageLink href={vmBackupsPath(vm.host, vm.name)} className={buttonStyle(look)}>
            See its backups
          </PageLink>
        </OnlyWhoMay>
      )
    }
    case 'target':
      return (
        <OnlyWhoMay act="backup.plan">
          <PageLink href={`${backupsPath()}#targets`} className={buttonStyle(look)}>
            See the targets
          </PageLink>
        </OnlyWhoMay>
      )
  }
}
