import { Domain } from './domain.ts'
import { ConnectionError } from './errors.ts'
import { DomainEvents, type DomainEvent, type DomainEventType } from './events.ts'
import { combine, type Flags } from './flags/flag-set.ts'
import { RpcClient, type CallOptions, type RpcOptions } from './protocol/rpc-client.ts'
import { connectUnix } from './protocol/transport.ts'
import { StoragePool, StorageVol } from './storage.ts'
import { typedParams, type TypedParams } from './typed-params.ts'
import { resolveUri } from './uri.ts'
import { parseUuid } from './uuid.ts'

export interface OpenOptions extends RpcOptions {
  /** Write calls are then refused by the daemon. Default false. */
  readonly?: boolean
  /** Aborts the opening. */
  signal?: AbortSignal
}

const AUTH_NONE = 0
const AUTH_SASL = 1
const AUTH_POLKIT = 2
const OPEN_READONLY = 1

export interface NodeInfo {
  model: string
  memoryKiB: number
  cpus: number
}

/** Calls that list everything fill an array of at most 16,384; more is an error of the daemon. */
const ALL = { need_results: 1 } as const

/**
 * Opens a connection to a libvirt daemon over its unix socket.
 * Rejects with ConnectionError 'refused' (nothing there, no permission, unknown transport) or LibvirtError (the daemon refused).
 */
export async function openConnect(uri: string, options: OpenOptions = {}): Promise<Connect> {
  const target = resolveUri(uri, options.readonly ?? false)
  const client = new RpcClient(await connectUnix(target.socketPath, options.signal), options)
  try {
    const { types } = await client.call('AUTH_LIST', {}, options)
    if (types.includes(AUTH_POLKIT)) await client.call('AUTH_POLKIT', {}, options)
    else if (types.includes(AUTH_SASL) && !types.includes(AUTH_NONE))
      throw new ConnectionError(
        'refused',
        `${uri}: the daemon asks for a SASL login, which this package can't give yet`,
        false,
      )
    await client.call(
      'CONNECT_OPEN',
      { name: target.name, flags: options.readonly ? OPEN_READONLY : 0 },
      options,
    )
    return new Connect(client, uri)
  } catch (error) {
    client.close()
    throw error
  }
}

/** virConnect: one connection to one daemon. Every call takes a deadline and an AbortSignal (CallOptions). */
export class Connect {
  readonly uri: string
  readonly #client: RpcClient
  readonly #events: DomainEvents
  constructor(client: RpcClient, uri: string) {
    this.#client = client
    this.uri = uri
    this.#events = new DomainEvents(client)
  }

  /** Why the connection is closed, or null while it is open. */
  get closed(): ConnectionError | null {
    return this.#client.closed
  }

  /** Calls in flight and waiting. */
  get load(): number {
    return this.#client.load
  }

  /** Called once, when the connection ends for whatever reason; at once if it has. */
  onClose(listener: (error: ConnectionError) => void): void {
    this.#client.onClose(listener)
  }

  /** Says goodbye and closes; calls still pending fail. */
  async close(): Promise<void> {
    await this.#client.call('CONNECT_CLOSE', {}, { deadlineMs: 1_000 }).catch(() => undefined)
    this.#client.close()
  }

  /** e.g. "11.3.0" (virConnectGetLibVersion). */
  async getLibVersion(options?: CallOptions): Promise<string> {
    return versionText((await this.#client.call('CONNECT_GET_LIB_VERSION', {}, options)).lib_ver)
  }

  /** Version of the hypervisor, e.g. QEMU's "10.0.2". */
  async getVersion(options?: CallOptions): Promise<string> {
    return versionText((await this.#client.call('CONNECT_GET_VERSION', {}, options)).hv_ver)
  }

  async getHostname(options?: CallOptions): Promise<string> {
    return (await this.#client.call('CONNECT_GET_HOSTNAME', {}, options)).hostname
  }

  async getURI(options?: CallOptions): Promise<string> {
    return (await this.#client.call('CONNECT_GET_URI', {}, options)).uri
  }

  /** XML of what the host can run: its CPU, and for each kind of guest the architecture, emulator and machines. */
  async getCapabilities(options?: CallOptions): Promise<string> {
    return (await this.#client.call('CONNECT_GET_CAPABILITIES', {}, options)).capabilities
  }

  /** XML of what one kind of guest can be given here, such as its firmware; libvirt chooses what is left out. Refused on a read-only connection. */
  async getDomainCapabilities(
    kind: { arch?: string; machine?: string; virtType?: string } = {},
    options?: CallOptions,
  ): Promise<string> {
    const { arch = null, machine = null, virtType = null } = kind
    return (
      await this.#client.call(
        'CONNECT_GET_DOMAIN_CAPABILITIES',
        { emulatorbin: null, arch, machine, virttype: virtType, flags: 0 },
        options,
      )
    ).capabilities
  }

  async nodeGetInfo(options?: CallOptions): Promise<NodeInfo> {
    const info = await this.#client.call('NODE_GET_INFO', {}, options)
    const model = Buffer.from(info.model).toString('latin1').replace(/\0.*$/s, '')
    return { model, memoryKiB: Number(info.memory), cpus: info.cpus }
  }

  async listAllDomains(flags?: Flags<'ListDomains'>, options?: CallOptions): Promise<Domain[]> {
    const { domains } = await this.#client.call(
      'CONNECT_LIST_ALL_DOMAINS',
      { ...ALL, flags: combine(flags) },
      options,
    )
    return domains.map((domain) => new Domain(this.#client, domain))
  }

  async domainLookupByName(name: string, options?: CallOptions): Promise<Domain> {
    return new Domain(this.#client, (await this.#client.call('DOMAIN_LOOKUP_BY_NAME', { name }, options)).dom)
  }

  async domainLookupByUUID(uuid: string, options?: CallOptions): Promise<Domain> {
    return new Domain(
      this.#client,
      (await this.#client.call('DOMAIN_LOOKUP_BY_UUID', { uuid: parseUuid(uuid) }, options)).dom,
    )
  }

  /** A domain by its UUID without asking for it first: the daemon looks at nothing else in a call. It may not exist. */
  domainReference(uuid: string): Domain {
    return new Domain(this.#client, { name: '', uuid: parseUuid(uuid), id: -1 })
  }

  /** Makes a persistent domain of the XML, or changes the one with its UUID. */
  async domainDefineXML(xml: string, options?: CallOptions): Promise<Domain> {
    return new Domain(this.#client, (await this.#client.call('DOMAIN_DEFINE_XML', { xml }, options)).dom)
  }

  /** Starts a transient domain. */
  async domainCreateXML(xml: string, flags?: Flags<'DomainCreate'>, options?: CallOptions): Promise<Domain> {
    return new Domain(
      this.#client,
      (await this.#client.call('DOMAIN_CREATE_XML', { xml_desc: xml, flags: combine(flags) }, options)).dom,
    )
  }

  /** Statistics of the given domains, or of all (an empty list). */
  async getAllDomainStats(
    domains: Domain[],
    stats: Flags<'DomainStats'>,
    flags?: Flags<'GetAllDomainStats'>,
    options?: CallOptions,
  ): Promise<{ domain: Domain; params: TypedParams }[]> {
    const args = {
      doms: domains.map((domain) => domain.reference),
      stats: combine(stats),
      flags: combine(flags),
    }
    const { retStats } = await this.#client.call('CONNECT_GET_ALL_DOMAIN_STATS', args, options)
    return retStats.map((record) => ({
      domain: new Domain(this.#client, record.dom),
      params: typedParams(record.params),
    }))
  }

  async listAllStoragePools(options?: CallOptions): Promise<StoragePool[]> {
    const { pools } = await this.#client.call('CONNECT_LIST_ALL_STORAGE_POOLS', { ...ALL, flags: 0 }, options)
    return pools.map((pool) => new StoragePool(this.#client, pool))
  }

  /** The active or defined pool whose target is exactly this folder. */
  async storagePoolLookupByTargetPath(path: string, options?: CallOptions): Promise<StoragePool> {
    return new StoragePool(
      this.#client,
      (await this.#client.call('STORAGE_POOL_LOOKUP_BY_TARGET_PATH', { path }, options)).pool,
    )
  }

  async storagePoolLookupByName(name: string, options?: CallOptions): Promise<StoragePool> {
    return new StoragePool(
      this.#client,
      (await this.#client.call('STORAGE_POOL_LOOKUP_BY_NAME', { name }, options)).pool,
    )
  }

  /** Starts a transient pool: it goes with its destroy, or with the daemon, and its files stay. */
  async storagePoolCreateXML(
    xml: string,
    flags?: Flags<'StoragePoolCreate'>,
    options?: CallOptions,
  ): Promise<StoragePool> {
    return new StoragePool(
      this.#client,
      (await this.#client.call('STORAGE_POOL_CREATE_XML', { xml, flags: combine(flags) }, options)).pool,
    )
  }

  /** The volume with this path; only active pools that know it are asked. */
  async storageVolLookupByPath(path: string, options?: CallOptions): Promise<StorageVol> {
    return new StorageVol(
      this.#client,
      (await this.#client.call('STORAGE_VOL_LOOKUP_BY_PATH', { path }, options)).vol,
    )
  }

  /**
   * Calls the listener for each event of this type, of all domains; the result ends it.
   * Events are never replayed: register first, then list. Rejects with LibvirtError where the daemon does not know the event.
   */
  domainEventRegisterAny(
    type: DomainEventType,
    listener: (event: DomainEvent) => void,
  ): Promise<() => Promise<void>> {
    return this.#events.subscribe(type, listener)
  }
}

/** libvirt packs versions as major × 1,000,000 + minor × 1,000 + release. */
function versionText(packed: bigint): string {
  const version = Number(packed)
  return `${Math.floor(version / 1_000_000)}.${Math.floor(version / 1_000) % 1_000}.${version % 1_000}`
}
