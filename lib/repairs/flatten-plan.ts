import { START_LAYERS_MAXIMUM } from '../hosts/start-depth.ts'

/** After it the VM can take so many snapshots again before it stands where it stood. */
const HEADROOM_LAYERS = 5

interface Layer {
  path: string
  format: string
}

export interface Receiver {
  path: string
  /** What it takes in, the nearest first. */
  below: Layer[]
}

/**
 * Which layers take in everything below them, one pull after the other, until a chain can be started; each pull opens
 * no more layers than start. `chain` base first. Empty when the chain is short enough. Pure.
 */
export function layersToFlatten(chain: readonly Layer[]): Receiver[] {
  const wanted = START_LAYERS_MAXIMUM - HEADROOM_LAYERS
  const receivers: Receiver[] = []
  for (let left = [...chain]; left.length > START_LAYERS_MAXIMUM;) {
    const index = Math.min(START_LAYERS_MAXIMUM - 1, left.length - wanted)
    receivers.push({ path: left[index]!.path, below: left.slice(0, index).reverse() })
    left = left.slice(index)
  }
  return receivers
}
