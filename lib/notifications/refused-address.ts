import { BlockList, isIP } from 'node:net'

/** Where clouds hand out their machines' credentials, and nothing that takes messages lives: link-local, and the one of AWS by IPv6. */
const REFUSED = new BlockList()
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4')
REFUSED.addSubnet('fe80::', 10, 'ipv6')
REFUSED.addAddress('fd00:ec2::254', 'ipv6')

/** Why nothing is sent to an IP address, a sentence; null when it may be, or it is a name. Pure. */
export function refusedAddress(address: string): string | null {
  const family = isIP(address)
  // An IPv4 address inside of an IPv6 one is looked for as such by BlockList itself.
  return family !== 0 && REFUSED.check(address, family === 6 ? 'ipv6' : 'ipv4') ? `Keyframe sends nothing to ${address}: a link-local address, where clouds keep secrets of their machines.` : null
}
