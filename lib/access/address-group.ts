import { isIPv6 } from 'node:net'

/** Hextets of an IPv6 address that name the net, a /64: whoever has one address of it has all of them (RFC 6177, RFC 8981). */
const NET_HEXTETS = 4
const HEXTETS = 8

/** What counts as one place: an IPv4 address, or the /64 of an IPv6 address; null stays null. */
export function addressGroup(address: string | null): string | null {
  const bare = address?.replace(/%.*$/, '') ?? null
  if (bare === null || !isIPv6(bare)) return bare
  // The URL parser writes every form of one address alike.
  const [head = '', tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::')
  const parts = (text: string) => (text === '' ? [] : text.split(':'))
  const [first, last] = [parts(head), parts(tail ?? '')]
  const filled =
    tail === undefined
      ? first
      : [...first, ...Array<string>(HEXTETS - first.length - last.length).fill('0'), ...last]
  return `${filled.slice(0, NET_HEXTETS).join(':')}::/64`
}
