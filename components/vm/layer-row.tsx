import { Fragment } from 'react'
import { LinkOrText, PageLink } from '@/components/page-link'
import type { ChainLayer } from '@/lib/chains/types'
import { classNames } from '@/components/class-names'
import { formatBytes } from '@/components/format-bytes'
import { KeyframeMark } from '@/components/keyframe-mark'
import { snapshotPath, vmPath } from '@/components/paths'
import type { VmPlace } from '@/components/vm/vm-place'

interface Props {
  layer: ChainLayer
  /** Of the widest bar in this chain. */
  mostBytes: number
  place: VmPlace | null
  /** The layer above is shared with the same disks and says so. */
  sharedAsAbove: boolean
}

/** One layer: its place on the rail, its bar as wide as the data it holds, its file, and what hangs on it. */
export function LayerRow({ layer, mostBytes, place, sharedAsAbove }: Props) {
  const broken = layer.problems.length > 0
  return (
    <li className="relative grid grid-cols-[1.25rem_minmax(0,1fr)_5rem] gap-x-2 py-1 sm:grid-cols-[1.25rem_minmax(4rem,13rem)_minmax(0,1fr)_5.5rem] sm:items-start">
      <Rail layer={layer} />
      <Bar layer={layer} mostBytes={mostBytes} className="max-sm:order-2" />
      <div className="flex min-w-0 flex-wrap items-baseline gap-x-2 text-[13px] leading-5 max-sm:order-1 max-sm:col-span-2">
        <Path path={layer.path} className={broken ? 'text-danger' : undefined} />
        {layer.isActive && <Mark className="border-accent/60 text-accent">active</Mark>}
        {layer.isBase && <Mark>base</Mark>}
        <span className="text-muted">{layer.format ?? 'unknown format'}</span>
        {layer.snapshots.map((name) => (
          <span key={name} className="inline-flex min-w-0 items-baseline gap-1 text-muted">
            <KeyframeMark className="size-2.5 shrink-0 self-center text-ink" />
            <span className="min-w-0 break-names">
              frozen by{' '}
              <LinkOrText
                href={place && snapshotPath(place.host, place.vm, name)}
                className="text-ink"
                linkClassName="underline decoration-line-strong underline-offset-2 hover:decoration-current"
              >
                {name}
              </LinkOrText>
            </span>
          </span>
        ))}
        {layer.sharedWith.length > 0 && (
          <span className={sharedAsAbove ? 'sr-only' : 'min-w-0 text-warn break-names'}>
            shared with{' '}
            {layer.sharedWith.map((user, index) => (
              <span key={`${user.host} ${user.vmUuid} ${user.need}`}>
                {index > 0 && ', '}
                <PageLink href={vmPath(user.host, user.vmName)} className="underline underline-offset-2">
                  {user.vmName}
                </PageLink>{' '}
                ({user.need}
                {user.running ? '' : ', off'}
                {place && user.host !== place.host ? `, on ${user.host}` : ''})
              </span>
            ))}
          </span>
        )}
        {layer.internalSnapshots.length > 0 && (
          <span className="min-w-0 text-warn break-names">
            holds {layer.internalSnapshots.length === 1 ? 'the internal snapshot' : 'the internal snapshots'}{' '}
            {layer.internalSnapshots.join(', ')}
          </span>
        )}
        {layer.problems.map(({ kind, sentence }) => (
          <p key={kind} className="w-full text-danger break-names">
            {sentence}
          </p>
        ))}
      </div>
      <span className="text-right text-[13px] leading-5 whitespace-nowrap max-sm:order-3">
        <Held layer={layer} />
      </span>
    </li>
  )
}

const Held = ({ layer }: { layer: ChainLayer }) => (
  <>
    {layer.allocatedBytes === null ? (
      <span className="text-muted">unknown</span>
    ) : (
      formatBytes(layer.allocatedBytes)
    )}
  </>
)

const Mark = ({ className, children }: { className?: string; children: string }) => (
  <span
    className={classNames(
      'rounded border border-line-strong/60 px-1 text-[11px] leading-4 font-medium',
      className,
    )}
  >
    {children}
  </span>
)

/** The line from base to active layer. A snapshot's diamond stands at the layer that it froze. */
function Rail({ layer }: { layer: ChainLayer }) {
  const only = layer.isActive && layer.isBase
  return (
    <span aria-hidden="true" className="relative row-span-2 flex justify-center self-stretch sm:row-span-1">
      {!only && <span className={classNames('absolute w-0.5 bg-line-strong/50', railReach(layer))} />}
      <RailSign layer={layer} />
    </span>
  )
}

/** From the row above to the one below; at the ends of the chain, from its sign or to it. */
function railReach(layer: ChainLayer): string {
  if (layer.isActive) return 'top-3 -bottom-1'
  return layer.isBase ? '-top-1 h-4' : '-inset-y-1'
}

function RailSign({ layer }: { layer: ChainLayer }) {
  if (layer.problems.length > 0)
    return <span className="relative mt-1.5 size-2.5 rounded-full border-2 border-danger bg-surface" />
  if (layer.snapshots.length > 0)
    return <KeyframeMark className={classNames('relative mt-0.5 size-4', layer.isActive && 'text-accent')} />
  return (
    <span
      className={classNames(
        'relative mt-1.5 size-2.5 rounded-full',
        layer.isActive ? 'bg-accent' : 'border-2 border-line-strong bg-surface',
      )}
    />
  )
}

function Bar({ layer, mostBytes, className }: { layer: ChainLayer; mostBytes: number; className: string }) {
  const { allocatedBytes } = layer
  const percent = allocatedBytes === null || mostBytes === 0 ? 0 : (allocatedBytes / mostBytes) * 100
  return (
    <span
      aria-hidden="true"
      className={classNames('mt-1 flex h-3 w-full items-stretch rounded-[3px] bg-sunken', className)}
    >
      {allocatedBytes === null ? (
        <span className="w-full rounded-[3px] border border-dashed border-line-strong/60" />
      ) : (
        <span
          className={classNames(
            'min-w-[3px] rounded-[3px]',
            barColour(layer),
            layer.sharedWith.length > 0 && 'hatched',
          )}
          style={{ width: `${percent}%` }}
        />
      )}
    </span>
  )
}

function barColour(layer: ChainLayer): string {
  if (layer.problems.length > 0) return 'bg-danger'
  return layer.isActive ? 'bg-accent' : 'bg-layer'
}

/** Folder and file name as one text. The folder gives way; the name is shown whole, for its end tells layers apart. */
function Path({ path, className }: { path: string; className?: string | undefined }) {
  const cut = path.lastIndexOf('/') + 1
  return (
    <span title={path} className={classNames('flex max-w-full min-w-0 items-baseline', className)}>
      {cut > 0 && <span className="min-w-6 truncate text-muted">{path.slice(0, cut)}</span>}
      <span
        className={classNames(
          'shrink-0 font-medium break-names',
          // Exactly what the folder leaves: a share of the shrinking, however small, would break a name that fits.
          cut > 0 ? 'max-w-[calc(100%-1.5rem)]' : 'max-w-full',
        )}
      >
        {breakable(path.slice(cut))}
      </span>
    </span>
  )
}

/** A name may go on below after a dot or a line, rather than anywhere. */
const breakable = (name: string) =>
  name.split(/(?<=[._])/).map((piece, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {piece}
    </Fragment>
  ))
