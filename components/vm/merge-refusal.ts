import type { DiskChain } from '@/lib/chains/types'
import type { VmSummary } from '@/lib/hosts/types'

/** Why the dialog of a merge is not worth opening; null when it is. What single ranges cost or forbid, the dialog tells. */
export function mergeRefusal(
  vm: Pick<VmSummary, 'name' | 'state'>,
  chains: readonly Pick<DiskChain, 'layers'>[],
): string | null {
  if (!chains.some((chain) => chain.layers.length > 1))
    return 'every disk has one layer, so there is nothing to merge.'
  if (vm.state === 'shut off' || vm.state === 'crashed')
    return `QEMU does the merging, and ${vm.name} is off. Start it first.`
  return null
}
