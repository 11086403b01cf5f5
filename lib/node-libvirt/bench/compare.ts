import { nodeLibvirt, pythonLibvirt, virsh, type Peer, type Work } from './peers.ts'

export type Medians = Record<Peer['name'], number>

/** The middle of an odd number of values, the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/**
 * Medians, ms, of each client on a host with `count` domains named vm-0001 … (libvirt's test driver).
 * Interleaved: what else the machine does then hits all alike.
 */
export async function compareClients(
  uri: string,
  count: number,
  rounds: number,
): Promise<Record<Work, Medians>> {
  const peers = [await nodeLibvirt(uri, count), await pythonLibvirt(uri, count), await virsh(uri, count)]
  try {
    const result = {} as Record<Work, Medians>
    for (const work of ['xml', 'inventory'] as const) {
      const times: Record<Peer['name'], number[]> = { 'node-libvirt': [], 'python3-libvirt': [], virsh: [] }
      // The first round warms up: the daemon's caches for all, the JIT for us.
      for (let round = -1; round < rounds; round++) {
        for (const peer of peers) {
          const tookMs = await peer.run(work)
          if (round >= 0) times[peer.name].push(tookMs)
        }
      }
      result[work] = {
        'node-libvirt': median(times['node-libvirt']),
        'python3-libvirt': median(times['python3-libvirt']),
        virsh: median(times.virsh),
      }
    }
    return result
  } finally {
    for (const peer of peers) await peer.end()
  }
}
