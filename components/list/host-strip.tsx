import { CircleCheck, CircleX, Hourglass } from 'lucide-react'
import type { HostView } from '@/lib/hosts/types'
import { classNames } from '@/components/class-names'
import { PageLink } from '@/components/page-link'
import { hostCheckPath } from '@/components/paths'
import { When } from '@/components/when'

const STATUS = {
  up: { icon: CircleCheck, word: 'up', colour: 'text-ok' },
  connecting: { icon: Hourglass, word: 'connecting', colour: 'text-warn' },
  down: { icon: CircleX, word: 'down', colour: 'text-danger' },
} as const

/** Every host with its state; one that is down says why. */
export function HostStrip({ hosts }: { hosts: HostView[] }) {
  return (
    <ul aria-label="Hosts" className="flex flex-wrap gap-2">
      {hosts.map((host) => {
        const { icon: Icon, word, colour } = STATUS[host.status]
        return (
          <li
            key={host.name}
            className={classNames(
              'min-w-0 rounded-md border bg-surface px-3 py-1.5 text-sm',
              host.status === 'down' ? 'w-full border-danger/50' : 'border-line',
            )}
          >
            <div className="flex flex-wrap items-center gap-x-2">
              <span className={classNames('inline-flex items-center gap-1.5', colour)}>
                <Icon aria-hidden="true" className="size-3.5" />
                <span className="font-medium text-ink">{host.name}</span> {word}
              </span>
              {host.status === 'up' ? (
                <span className="text-muted">
                  {host.vms.length} {host.vms.length === 1 ? 'VM' : 'VMs'}
                  {host.libvirtVersion && ` · libvirt ${host.libvirtVersion}`}
                  {host.hypervisorVersion && ` · QEMU ${host.hypervisorVersion}`}
                </span>
              ) : (
                <span className="text-muted">
                  since <When ms={host.sinceMs} />
                  {host.vms.length > 0 && `; ${host.vms.length} VMs as last known`}
                </span>
              )}
              {host.status === 'up' && (
                <PageLink
                  href={hostCheckPath(host.name)}
                  className="text-[13px] text-muted hover:text-ink hover:underline max-sm:py-3"
                >
                  Check &amp; repair<span className="sr-only"> of {host.name}</span>
                </PageLink>
              )}
            </div>
            {host.reason && <p className="mt-0.5 break-names first-letter:uppercase">{host.reason}</p>}
            {host.warnings.map((warning) => (
              <p key={warning} className="mt-0.5 text-warn">
                {warning}
              </p>
            ))}
          </li>
        )
      })}
    </ul>
  )
}
