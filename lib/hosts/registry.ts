import 'server-only'
import { settings } from '../settings/settings.ts'
import { Host } from './host.ts'

interface Shared {
  keyframeHosts?: Map<string, Host>
}
// Next evaluates this module up to three times in one process (lib/README.md, “Next.js”).
const shared = globalThis as Shared

/** All configured hosts by name; made and connected on first use. */
export function hosts(): Map<string, Host> {
  return (shared.keyframeHosts ??= connectAll())
}

function connectAll(): Map<string, Host> {
  const all = new Map(settings().hosts.map(({ name, uri }) => [name, new Host(name, uri)]))
  for (const host of all.values()) host.start()
  return all
}

/** The host of this name, or undefined. */
export const hostByName = (name: string): Host | undefined => hosts().get(name)

/** Closes every connection: the server is stopping. */
export async function stopHosts(): Promise<void> {
  const all = shared.keyframeHosts
  delete shared.keyframeHosts
  await Promise.all([...(all?.values() ?? [])].map((host) => host.stop()))
}
