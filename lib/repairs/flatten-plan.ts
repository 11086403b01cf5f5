import { START_LAYERS_MAXIMUM } from '../hosts/start-depth.ts'

/** After it the VM can take so many snapshots again before it stands where it stood. */
const HEADROOM_LAYERS = 5

/**
 * Which layers take in everything below them, one pull after the other, until a chain can be started; each pull opens
 * no more layers than start. `paths` base first. Empty when the chain is short enough. Pure.
 */
export function layersToFlatten(paths: readonly string[]): string[] {
  const wanted = START_LAYERS_MAXIMUM - HEADROOM_LAYERS
  const receivers: string[] = []
  for (let left = [...paths]; left.length > START_LAYERS_MAXIMUM;) {
    const index = Math.min(START_LAYERS_MAXIMUM - 1, left.length - wanted)
    receivers.push(left[index]!)
    left = left.slice(index)
  }
  return receivers
}
