import { BlockList, isIP } from 'node:net'

/** Where messages may go, of KEYFRAME_NOTIFY_ALLOW (lib/settings). */
export interface AllowedPlaces {
  /** null: it may go to this name, or its addresses decide; else why not, a sentence. */
  refusesName(host: string): string | null
  /** Of a name, one of the addresses it leads to; of an address, itself. */
  refusesAddress(host: string, address: string): string | null
}

const familyOf = (address: string) => (isIP(address) === 6 ? ('ipv6' as const) : ('ipv4' as const))

/** `entries`: names, names with `*.` in front for those below, addresses and nets; null: everywhere. Pure. */
export function allowedPlaces(entries: readonly string[] | null): AllowedPlaces {
  if (entries === null) return { refusesName: () => null, refusesAddress: () => null }
  const nets = new BlockList()
  const names: string[] = []
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    if (isIP(address) === 0) names.push(entry.toLowerCase())
    else if (bits === undefined) nets.addAddress(address, familyOf(address))
    else nets.addSubnet(address, Number(bits), familyOf(address))
  }
  const plain = (host: string) => host.toLowerCase().replace(/\.$/, '')
  const isNamed = (host: string) =>
    names.some((name) => (name.startsWith('*.') ? plain(host).endsWith(name.slice(1)) : plain(host) === name))
  const hasNets = names.length < entries.length
  const refused = (host: string) =>
    `Keyframe sends nothing to ${host}: it is not among the places that KEYFRAME_NOTIFY_ALLOW names.`
  return {
    refusesName: (host) => {
      const mayPass = isIP(host) !== 0 ? nets.check(host, familyOf(host)) : isNamed(host) || hasNets
      return mayPass ? null : refused(host)
    },
    refusesAddress: (host, address) =>
      isNamed(host) || nets.check(address, familyOf(address)) ? null : refused(host),
  }
}
