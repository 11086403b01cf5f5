import 'server-only'
import { perProcess } from '../server/per-process.ts'
import { settings } from '../settings/settings.ts'
import { Host } from './host.ts'

const shared = perProcess<{ hosts?: Map<string, Host> }>('hosts/registry', () => ({}))

/** All configured hosts by name; made and connected on first use. */
export function hosts(): Map<string, Host> {
  return (shared.hosts ??= connectAll())
}

function connectAll(): Map<string, Host> {
  const all = new Map(settings().hosts.map(({ name, uri }) => [name, new Host(name, uri)]))
  for (const host of all.values()) host.start()
  return all
}

/** For tests: these instead of the configured ones, until they are stopped. */
export function setHosts(instead: Map<string, Host>): void {
  shared.hosts = instead
}

/** The host of this name, or undefined. */
export const hostByName = (name: string): Host | undefined => hosts().get(name)

/** Closes every connection: the server is stopping. */
export async function stopHosts(): Promise<void> {
  const all = shared.hosts
  delete shared.hosts
  await Promise.all([...(all?.values() ?? [])].map((host) => host.stop()))
}
