import 'server-only'
import { headers } from 'next/headers'
import { settings } from '../settings/settings.ts'
import { forwardedAddress } from './forwarded-address.ts'
import { marksPeers, PEER_HEADER } from './peer-address.ts'

/** Where a request comes from. */
export interface From {
  /** null when it is not known. */
  address: string | null
  /** As the browser names itself. */
  agent: string
}

/** Of the request that is being answered. */
export async function requestFrom(): Promise<From> {
  const sent = await headers()
  const peer = marksPeers() ? sent.get(PEER_HEADER) : null
  return {
    address: forwardedAddress(peer, sent.get('x-forwarded-for'), settings().trustedProxies),
    agent: sent.get('user-agent') ?? '',
  }
}
