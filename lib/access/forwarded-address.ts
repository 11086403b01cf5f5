import { BlockList, isIP } from 'node:net'

/** `::ffff:10.0.0.1` is how a socket for both families names 10.0.0.1. A proxy may add the port, and brackets. */
function plainAddress(text: string): string | null {
  const bare = text.trim().replace(/^\[([^\]]*)\](?::\d+)?$/, '$1').replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1').replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(bare) === 0 ? null : bare.toLowerCase()
}

function trusts(proxies: readonly string[], address: string): boolean {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [net = '', bits] = proxy.split('/')
    const family = isIP(net) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(net, family)
    else list.addSubnet(net, Number(bits), family)
  }
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Where a request came from: the other end of its connection, or, when that is a trusted proxy, the last address in
 * `X-Forwarded-For` that is none. What stands before it there is whatever the client wrote. null when it is not known.
 */
export function forwardedAddress(peer: string | null, forwardedFor: string | null, trustedProxies: readonly string[]): string | null {
  let address = peer === null ? null : plainAddress(peer)
  for (const hop of (forwardedFor ?? '').split(',').reverse()) {
    if (address === null || !trusts(trustedProxies, address)) break
    const next = plainAddress(hop)
    if (next === null) break
    address = next
  }
  return address
}
