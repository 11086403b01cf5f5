import type { ChainLayer, DiskChain } from '@/lib/chains/types'
import { formatBytes } from '@/components/format-bytes'
import { LayerRow } from '@/components/vm/layer-row'
import type { VmPlace } from '@/components/vm/vm-place'

/**
 * A disk's backing chain as a picture: the base at the bottom, the layer that is written to on top, each bar as wide as
 * the data that its layer holds. The list itself runs base first.
 */
export function ChainPicture({ chain, place }: { chain: DiskChain; place: VmPlace | null }) {
  const mostBytes = Math.max(0, ...chain.layers.map((layer) => layer.allocatedBytes ?? 0))
  const known = chain.layers.filter((layer) => layer.allocatedBytes !== null)
  const facts = [
    chain.device === 'disk' ? chain.bus : chain.device,
    chain.readonly ? 'read-only' : null,
    chain.shareable ? 'shareable' : null,
    chain.layers.at(-1)?.virtualBytes != null
      ? `${formatBytes(chain.layers.at(-1)?.virtualBytes ?? null)} virtual`
      : null,
    known.length > 0
      ? `${formatBytes(known.reduce((total, layer) => total + (layer.allocatedBytes ?? 0), 0))} held`
      : null,
    chain.layers.length > 0
      ? `${chain.layers.length} ${chain.layers.length === 1 ? 'layer' : 'layers'}`
      : null,
  ].filter((fact) => fact !== null)
  return (
    <section
      aria-labelledby={`disk-${chain.target}`}
      className="min-w-0 rounded-lg border border-line bg-surface px-3 py-2.5 sm:px-4"
    >
      <div className="flex flex-wrap items-baseline gap-x-3 pb-1">
        <h3 id={`disk-${chain.target}`} className="font-semibold">
          {chain.target}
        </h3>
        <p className="text-[13px] text-muted">{facts.join(' · ')}</p>
      </div>
      {chain.layers.length === 0 ? (
        <p className="text-sm text-muted">
          {chain.device === 'disk'
            ? 'Its source is not a file: its layers can’t be read.'
            : 'The drive is empty.'}
        </p>
      ) : (
        <ol aria-label={`Backing chain of ${chain.target}`} className="flex flex-col-reverse">
          {chain.layers.map((layer, index) => (
            <LayerRow
              key={`${index} ${layer.path}`}
              layer={layer}
              mostBytes={mostBytes}
              place={place}
              sharedAsAbove={isSharedAlike(layer, chain.layers[index + 1])}
            />
          ))}
        </ol>
      )}
      {chain.qemuImgInfo !== '' && (
        <details className="mt-1 text-[13px]">
          <summary className="w-fit py-1 text-muted hover:text-ink max-sm:py-3">
            qemu-img info --backing-chain
          </summary>
          <pre
            tabIndex={0}
            className="mt-1 max-h-96 overflow-auto rounded-md border border-line bg-sunken/60 p-3 text-xs leading-5"
          >
            {chain.qemuImgInfo}
          </pre>
        </details>
      )}
    </section>
  )
}

/** A long run of layers under one fork names the other VM once, at its top. */
function isSharedAlike(layer: ChainLayer, above: ChainLayer | undefined): boolean {
  const users = (of: ChainLayer) =>
    of.sharedWith
      .map((user) => `${user.host} ${user.vmUuid} ${user.need}`)
      .sort()
      .join('\n')
  return above !== undefined && layer.sharedWith.length > 0 && users(layer) === users(above)
}
