import { BlockList, isIP } from 'node:net'

/**
 * Where clouds hand out secrets of their machines to whoever asks from inside.
 * - 169.254.0.0/16, fe80::/10: link-local (RFC 3927, RFC 4291); AWS, Azure, Google and others answer at 169.254.169.254
 * - 100.100.100.200: Alibaba Cloud ("View instance metadata", ECS documentation)
 * - 168.63.129.16: Azure's WireServer ("What is IP address 168.63.129.16?", Microsoft Learn)
 * - 192.0.0.0/24: IETF protocol assignments (RFC 6890); Oracle's classic cloud answers at 192.0.0.192
 * - fd00:ec2::254: AWS ("Instance metadata", EC2 User Guide); fd20:ce::254: Google (Compute Engine, "IPv6 metadata server endpoint")
 */
const SECRETS = new BlockList()
SECRETS.addSubnet('169.254.0.0', 16, 'ipv4')
SECRETS.addAddress('100.100.100.200', 'ipv4')
SECRETS.addAddress('168.63.129.16', 'ipv4')
SECRETS.addSubnet('192.0.0.0', 24, 'ipv4')
SECRETS.addSubnet('fe80::', 10, 'ipv6')
SECRETS.addAddress('fd00:ec2::254', 'ipv6')
SECRETS.addAddress('fd20:ce::254', 'ipv6')

/**
 * What is the address of no one server (RFC 6890): "this host", which Linux takes for itself, multicast, reserved and broadcast,
 * site-local (RFC 3879), discard (RFC 6666), and Teredo (RFC 4380), a tunnel whose address hides an IPv4 one.
 */
const NOBODY = new BlockList()
NOBODY.addSubnet('0.0.0.0', 8, 'ipv4')
NOBODY.addSubnet('224.0.0.0', 4, 'ipv4')
NOBODY.addSubnet('240.0.0.0', 4, 'ipv4')
NOBODY.addAddress('::', 'ipv6')
NOBODY.addSubnet('ff00::', 8, 'ipv6')
NOBODY.addSubnet('fec0::', 10, 'ipv6')
NOBODY.addSubnet('100::', 64, 'ipv6')
NOBODY.addSubnet('2001::', 32, 'ipv6')

/** Why nothing is sent to an IP address, a sentence; null when it may be, or it is a name. Pure. */
export function refusedAddress(address: string): string | null {
  const family = isIP(address)
  if (family === 0) return null
  // A zone, as in fe80::1%eth0, says by which interface.
  const plain = address.split('%', 1)[0]!
  const kind = family === 6 ? 'ipv6' : 'ipv4'
  const { whole, parts } = family === 6 ? embedded(bytesOf(plain)) : { whole: [], parts: [] }
  if (SECRETS.check(plain, kind) || [...whole, ...parts].some((each) => SECRETS.check(each, 'ipv4')))
    return `Keyframe sends nothing to ${address}: a link-local address or one like it, where clouds keep secrets of their machines.`
  if (NOBODY.check(plain, kind) || whole.some((each) => NOBODY.check(each, 'ipv4')))
    return `Keyframe sends nothing to ${address}: it is the address of no server.`
  return null
}

/** The 16 bytes of an IPv6 address. */
function bytesOf(address: string): number[] {
  const groupsOf = (text: string) =>
    text
      .split(':')
      .filter((group) => group !== '')
      .flatMap((group) => {
        if (group.includes('.')) return group.split('.').map(Number)
        const value = Number.parseInt(group, 16)
        return [value >> 8, value & 255]
      })
  const [head = '', tail] = address.split('::')
  const [first, last] = [groupsOf(head), groupsOf(tail ?? '')]
  return [...first, ...new Array<number>(16 - first.length - last.length).fill(0), ...last]
}

/**
 * The IPv4 addresses that an IPv6 one leads to. `whole`: certain to be one; `parts`: one of several places where it may lie,
 * which only an operator knows.
 */
function embedded(bytes: readonly number[]): { whole: string[]; parts: string[] } {
  const at = (...places: number[]) => places.map((place) => bytes[place]).join('.')
  const begins = (...prefix: number[]) => prefix.every((byte, index) => bytes[index] === byte)
  const zeros = (until: number) => bytes.slice(0, until).every((byte) => byte === 0)
  const last = at(12, 13, 14, 15)
  // Mapped and translated (RFC 4291, 2.5.5.2; RFC 2765), and compatible (2.5.5.1), of which ::1 and :: are none.
  if (
    (zeros(10) && bytes[10] === 255 && bytes[11] === 255) ||
    (zeros(8) && bytes[8] === 255 && bytes[9] === 255 && bytes[10] === 0 && bytes[11] === 0)
  )
    return { whole: [last], parts: [] }
  if (zeros(12) && !zeros(15)) return { whole: [last], parts: [] }
  // NAT64's own prefix (RFC 6052), and the one for local use (RFC 8215), below which RFC 6052 allows four lengths.
  if (begins(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0)) return { whole: [last], parts: [] }
  if (begins(0, 0x64, 0xff, 0x9b, 0, 1))
    return { whole: [last], parts: [at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12)] }
  // 6to4 (RFC 3056).
  if (begins(0x20, 0x02)) return { whole: [at(2, 3, 4, 5)], parts: [] }
  // ISATAP (RFC 5214), in the interface's part of any prefix.
  if ((bytes[8]! & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe)
    return { whole: [last], parts: [] }
  return { whole: [], parts: [] }
}
