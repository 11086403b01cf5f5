import { BlockList, isIP } from 'node:net'

/** `::ffff:10.0.0.1` is how a socket for both families names 10.0.0.1. A proxy may add the port, and brackets. */
export function plainAddress(text: string): string | null {
  const bare = text
    .trim()
    .replace(/^\[([^\]]*)\](?::\d+)?$/, '$1')
    .replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(bare) === 0 ? null : bare.toLowerCase()
}

/** Is this address one of these, or in one of these nets? */
export function trustsAddress(proxies: readonly string[], given: string): boolean {
  const address = plainAddress(given)
  if (address === null) return false
  const list = new BlockList()
  for (const proxy of proxies) {
    const [net = '', bits] = proxy.split('/')
    const family = isIP(net) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(net, family)
    else list.addSubnet(net, Number(bits), family)
  }
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
