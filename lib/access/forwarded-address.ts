import { plainAddress, trustsAddress } from '../server/trusted-address.ts'

/**
 * Where a request came from: the other end of its connection, or, when that is a trusted proxy, the last address in
 * `X-Forwarded-For` that is none. What stands before it there is whatever the client wrote. null when it is not known.
 */
export function forwardedAddress(
  peer: string | null,
  forwardedFor: string | null,
  trustedProxies: readonly string[],
): string | null {
  let address = peer === null ? null : plainAddress(peer)
  for (const hop of (forwardedFor ?? '').split(',').reverse()) {
    if (address === null || !trustsAddress(trustedProxies, address)) break
    const next = plainAddress(hop)
    if (next === null) break
    address = next
  }
  return address
}
