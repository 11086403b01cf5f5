import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { settings } from '../settings/settings.ts'
import { allowedPlaces, type AllowedPlaces } from './allowed-places.ts'
import { refusedAddress } from './refused-address.ts'

/** Nothing was connected to; the message is a sentence for a page. */
export class RefusedAddress extends Error {
  override name = 'RefusedAddress'
}

export type Resolve = (
  name: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/** Why nothing is sent to this host as it was given, a sentence, or null. Of a name its addresses are looked at when it is connected to. */
export function refusedHost(
  host: string,
  allowed: AllowedPlaces = allowedPlaces(settings().notifyAllow),
): string | null {
  return (isIP(host) === 0 ? null : refusedAddress(host)) ?? allowed.refusesName(host)
}

/** Addresses are looked at when they are connected to: a name that was harmless when it was saved may lead elsewhere by now. */
export const checkedLookup =
  (
    resolve: Resolve = lookup,
    allowed: AllowedPlaces = allowedPlaces(settings().notifyAllow),
  ): LookupFunction =>
  (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0)
      for (const { address } of addresses) {
        const refused = refusedAddress(address) ?? allowed.refusesAddress(name, address)
        if (refused !== null) return callback(new RefusedAddress(refused), '', 0)
      }
      if (options.all) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }
