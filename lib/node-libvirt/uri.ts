import { existsSync } from 'node:fs'
import { ConnectionError } from './errors.ts'

/** Where a connection URI leads: the socket, and the name that is sent to the daemon. */
export interface UnixTarget {
  socketPath: string
  /** URI without transport and connection parameters, e.g. `qemu:///system`. */
  name: string
}

/** Parameters that belong to the connection, not to the driver (WIRE.md, section 4). */
const OWN_PARAMETERS = [
  'name',
  'command',
  'socket',
  'auth',
  'sshauth',
  'netcat',
  'mode',
  'proxy',
  'keyfile',
  'pkipath',
  'known_hosts',
  'known_hosts_verify',
  'tls_priority',
  'no_sanity',
  'no_verify',
  'no_tty',
  'authfile',
]

interface Machine {
  env: Record<string, string | undefined>
  isRoot: boolean
  exists(path: string): boolean
}

const thisMachine = (): Machine => ({
  env: process.env,
  isRoot: process.getuid?.() === 0,
  exists: existsSync,
})

/**
 * Resolves a libvirt connection URI such as `qemu:///system`, `qemu:///session?socket=/run/x`, `test+unix:///default`.
 * Throws ConnectionError 'refused' with a sentence for what this package can't reach yet (tls, tcp, ssh).
 */
export function resolveUri(uri: string, readonly: boolean, machine: Machine = thisMachine()): UnixTarget {
  const parts = /^([a-z0-9]+)(?:\+([a-z0-9]+))?:\/\/([^/?]*)(\/[^?]*)?(?:\?(.*))?$/i.exec(uri)
  if (!parts)
    throw new ConnectionError(
      'refused',
      `"${uri}" is not a libvirt connection URI such as qemu:///system`,
      false,
    )
  const [, driver = '', transport = parts[3] ? 'tls' : 'unix', host, path = '/', query = ''] = parts
  if (transport !== 'unix' || host)
    throw new ConnectionError(
      'refused',
      `${uri}: only local unix sockets can be reached yet, not the transport "${transport}"`,
      false,
    )
  const parameters = new URLSearchParams(query)
  const rest = new URLSearchParams([...parameters].filter(([key]) => !OWN_PARAMETERS.includes(key)))
  const name = parameters.get('name') ?? `${driver}://${path}${rest.size > 0 ? `?${rest}` : ''}`
  const socketPath =
    parameters.get('socket') ??
    defaultSocket(driver, path, parameters.get('mode') ?? 'auto', readonly, machine)
  return { socketPath, name }
}

function defaultSocket(
  driver: string,
  path: string,
  mode: string,
  readonly: boolean,
  machine: Machine,
): string {
  // Root always talks to the system daemon, for /session too (WIRE.md, section 4).
  const session = path === '/session' && !machine.isRoot
  const runtime = machine.env.XDG_RUNTIME_DIR ?? `${machine.env.HOME ?? ''}/.cache`
  const folder = session ? `${runtime}/libvirt` : '/run/libvirt'
  const suffix = !session && readonly ? '-ro' : ''
  const modular = `${folder}/virt${driver}d-sock${suffix}`
  const monolithic = `${folder}/libvirt-sock${suffix}`
  if (mode === 'direct') return modular
  if (mode === 'legacy') return monolithic
  return machine.exists(modular) ? modular : monolithic
}
