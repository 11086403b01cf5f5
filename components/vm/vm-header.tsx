import type { ReactNode } from 'react'
import { PageLink } from '@/components/page-link'
import type { HostView, VmSummary } from '@/lib/hosts/types'
import { OnlyWhoMay } from '@/components/access/may'
import { ActButton } from '@/components/dialogs/vm-dialogs'
import { listPath, vmBackupsPath, vmCheckPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import { VmStateMark } from '@/components/vm-state'
import { PowerButton } from '@/components/vm/power-button'
import type { PowerOffer } from '@/components/vm/power-offers'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'
import { When } from '@/components/when'

interface Props {
  host: HostView
  vm: VmSummary
  offers: PowerOffer[]
  /** Why the layers can't be merged now; null when they can. */
  mergeRefusal: string | null
  acts: VmActs
  /** The button that shares the VM. */
  share: ReactNode
}

const LABELS = { start: 'Start', shutdown: 'Shut down', resume: 'Resume', 'wake-up': 'Wake up' } as const

/** Which VM this is, how it stands, and what can be done. */
export function VmHeader({ host, vm, offers, mergeRefusal, acts, share }: Props) {
  const ref: VmRef = { host: vm.host, uuid: vm.uuid, name: vm.name }
  const down = host.status !== 'up'
  return (
    <header className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <div className="min-w-0">
          <p className="text-[13px] text-muted max-sm:[&_a]:inline-block max-sm:[&_a]:py-2">
            <PageLink href={listPath()} className="hover:underline">
              VMs
            </PageLink>{' '}
            /{' '}
            <PageLink href={listPath({ q: vm.host })} className="hover:underline">
              {vm.host}
            </PageLink>
          </p>
          <div className="flex flex-wrap items-baseline gap-x-3">
            <h1 className="min-w-0 text-xl font-semibold break-names">{vm.name}</h1>
            <VmStateMark state={vm.state} reason={vm.stateReason} className="text-sm" />
            <PageLink
              href={vmCheckPath(vm.host, vm.name)}
              className="text-[13px] text-muted hover:underline max-sm:py-3"
            >
              Check &amp; repair
            </PageLink>
            <PageLink
              href={vmBackupsPath(vm.host, vm.name)}
              className="text-[13px] text-muted hover:underline max-sm:py-3"
            >
              Backups
            </PageLink>
          </div>
        </div>
        <span className="flex-1 max-sm:hidden" />
        <div className="flex flex-wrap items-center justify-end gap-2 max-sm:w-full max-sm:justify-start">
          {share}
          {offers.map((offer) =>
            offer === 'force-off' ? (
              <ActButton
                key={offer}
                dialog={{ act: 'force-off', warning: nextStartWarning(vm) }}
                variant="danger"
                disabled={down}
              />
            ) : (
              <PowerButton
                key={offer}
                vm={ref}
                act={offer}
                label={LABELS[offer]}
                power={acts.power}
                warning={offer === 'shutdown' ? nextStartWarning(vm) : null}
                variant="outline"
                disabled={down}
              />
            ),
          )}
          <ActButton
            dialog={{ act: 'merge' }}
            variant="outline"
            disabled={down || mergeRefusal !== null}
            aria-describedby={mergeRefusal !== null ? 'merge-refusal' : undefined}
          />
          <ActButton dialog={{ act: 'take-snapshot' }} disabled={down} />
        </div>
      </div>
      {mergeRefusal !== null && !down && (
        <OnlyWhoMay act="merge.start">
          <p id="merge-refusal" className="text-[13px] text-muted sm:text-right">
            Merge: {mergeRefusal}
          </p>
        </OnlyWhoMay>
      )}
      {down && (
        <Notice tone="danger" role="status">
          {host.name} is {host.status === 'connecting' ? 'not reached yet' : 'down'} since{' '}
          <When ms={host.sinceMs} />
          {host.reason && `: ${host.reason}`}. What is shown is what was last known; nothing can be done until
          it is back.
        </Notice>
      )}
      {vm.attention.map(({ kind, sentence }) =>
        kind === 'frozen' ? (
          <Notice key={kind} tone="danger" role="alert">
            <p className="font-medium">
              The guest’s file systems are frozen: it waits, and writes nothing, until they are thawed.
            </p>
            <div className="mt-2 flex flex-wrap gap-2">
              <PowerButton
                vm={ref}
                act="thaw"
                label="Thaw"
                power={acts.power}
                variant="danger-solid"
                disabled={down}
              />
            </div>
          </Notice>
        ) : (
          <Notice key={kind + sentence} tone="warn" role="status">
            {sentence}
          </Notice>
        ),
      )}
      {host.warnings.map((warning) => (
        <Notice key={warning} tone="plain">
          {warning}
        </Notice>
      ))}
    </header>
  )
}

/** What a stop would cost, as far as the page knows: the very sentence that the server would refuse with. */
const nextStartWarning = ({ attention }: VmSummary): string | null =>
  attention.find(({ kind }) => kind === 'next-start-differs')?.sentence ?? null
