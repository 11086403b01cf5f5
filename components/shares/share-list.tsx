import type { ShareKind, ShareView } from '@/lib/shares/types'
import { classNames } from '@/components/class-names'
import { OnlyWhoMay } from '@/components/access/may'
import { SubmitForm, type FormAct } from '@/components/team/submit-form'
import { When } from '@/components/when'

const KINDS: Record<ShareKind, string> = { vm: 'VM', snapshot: 'Snapshot', job: 'Job', backups: 'Backups of' }
function times(count: number): string {
  if (count === 0) return 'never opened'
  return count === 1 ? 'opened once' : `opened ${count} times`
}

interface Props {
  shares: ShareView[]
  revoke: FormAct
  label: string
  /** Says what each one leads to: where they are not all of one thing. */
  named?: boolean
}

/** Share links as who may make them sees them: never the address, which nobody keeps. */
export function ShareList({ shares, revoke, label, named = false }: Props) {
  return (
    <ul aria-label={label} className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
      {shares.map((share) => (
        <li key={share.id} className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-3 py-2 sm:px-4">
          <div className="min-w-0 flex-1 basis-56">
            {named && (
              <p className="break-names">
                <span className="text-muted">{KINDS[share.kind]}</span>{' '}
                <span className={classNames('font-medium', share.state !== 'open' && 'text-muted')}>
                  {share.label}
                </span>
              </p>
            )}
            <p className={classNames(named && 'text-[13px]', 'text-muted')}>
              {share.state === 'open' ? (
                <>
                  <span className="text-ink">
                    until <When ms={share.expiresAtMs} />
                  </span>
                </>
              ) : (
                <span className="font-medium">{share.state}</span>
              )}
              {' · '}
              <span className={classNames(share.openedCount > 0 && 'text-ink')}>
                {times(share.openedCount)}
              </span>
              {share.lastOpenedAtMs !== null && (
                <>
                  , last <When ms={share.lastOpenedAtMs} />
                </>
              )}
            </p>
            <p className="text-[13px] break-names text-muted">
              {share.byDisabled ? <>made by {share.by}, disabled · </> : <>by {share.by}, </>}
              <When ms={share.createdAtMs} />
              {share.hasPassword && ' · with a password'}
              {share.showPaths && ' · with file paths'}
            </p>
          </div>
          {share.state === 'open' && (
            <OnlyWhoMay act="share.revoke">
              <SubmitForm
                act={revoke}
                label="Revoke"
                to={`the link to ${share.label}`}
                variant="danger"
                size="small"
              >
                <input type="hidden" name="id" value={share.id} />
              </SubmitForm>
            </OnlyWhoMay>
          )}
        </li>
      ))}
    </ul>
  )
}
