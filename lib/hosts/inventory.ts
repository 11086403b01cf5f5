import 'server-only'
import { DOMAIN_STATES, VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT, VIR_DOMAIN_PAUSED_IOERROR, VIR_DOMAIN_STATS_BLOCK, VIR_DOMAIN_STATS_STATE, VIR_ERR_NO_DOMAIN, isLibvirtError, numberParam, type Connect, type Domain, type TypedParams } from 'node-libvirt'
import { disksFromXml, readDiskFacts, type DiskFacts } from './disk-facts.ts'
import { parseDomainXml, type DomainDescription } from './domain-xml.ts'
import type { HostConnection } from './host-connection.ts'
import type { ImageFiles } from './image-files.ts'
import type { VmInspection } from './vm-inspection.ts'
import type { DiskSummary, VmState } from './types.ts'

/** What pages read of a host is shared between them for this long (DESIGN.md, section 2). */
const SHARED_MS = 1_000
/** XML and snapshot counts are read again after this long even when nothing told of a change: not every change has an event. */
const DETAILS_AGE_MS = 30_000
/** A list does not wait longer for one VM's XML. */
const DETAILS_WAIT_MS = 700
const FACTS_AT_ONCE = 2

export interface KnownVm {
  uuid: string
  name: string
  state: VmState
  reason: number
  persistent: boolean
  running: boolean
  description: DomainDescription | null
  snapshotCount: number | null
  facts: DiskFacts | null
  /** Paths and sizes of the layers that QEMU has open, from statistics; null where libvirt has none. */
  layers: OpenLayer[] | null
  /** Of a VM that is paused by an I/O error: which disks, and whether for want of space. */
  diskErrors: { target: string; error: 'unspecified' | 'no space' }[] | null
}

export interface OpenLayer {
  target: string
  path: string | null
  nodeIndex: number | null
  virtualBytes: number | null
  physicalBytes: number | null
}

interface Details {
  readAtMs: number
  xml: string
  description: DomainDescription
  snapshotCount: number | null
  persistent: boolean
  fingerprint: string
}

/** What VMs a host has, read through few calls and kept: pages get what is at most 1 s old. */
export class Inventory {
  #vms: KnownVm[] = []
  #readAtMs = 0
  #hasRead = false
  #reading: { generation: number; vms: Promise<KnownVm[]> } | null = null
  #generation = 0
  readonly #details = new Map<string, Details>()
  readonly #facts = new Map<string, DiskFacts>()
  readonly #wantFacts = new Set<string>()
  #factsRunning = 0
  readonly #connection: HostConnection
  readonly #inspection: VmInspection
  readonly #files: ImageFiles
  readonly #onFacts: (uuid: string) => void
  readonly #onLate: () => void
  readonly #pulling: () => ReadonlySet<string>

  constructor(connection: HostConnection, inspection: VmInspection, files: ImageFiles, onFacts: (uuid: string) => void, onLate: () => void, pulling: () => ReadonlySet<string>) {
    this.#pulling = pulling
    this.#connection = connection
    this.#inspection = inspection
    this.#files = files
    this.#onFacts = onFacts
    this.#onLate = onLate
  }

  /** VMs as last read, however old: for a host that is down. */
  get lastKnown(): readonly KnownVm[] {
    return this.#vms
  }

  /** False until the VMs were read once. */
  get hasRead(): boolean {
    return this.#hasRead
  }

  /** Something changed: the next read asks again; with a UUID also for its XML and snapshots. */
  invalidate(uuid?: string): void {
    this.#generation++
    this.#readAtMs = 0
    const details = uuid === undefined ? undefined : this.#details.get(uuid)
    if (details) details.readAtMs = 0
  }

  /** VMs, at most 1 s old; of a VM that answers late what was known of it. Throws HostDown. */
  async vms(): Promise<readonly KnownVm[]> {
    if (Date.now() - this.#readAtMs <= SHARED_MS) return this.#vms
    // A read that began before the last change must not answer for what is now.
    if (this.#reading?.generation !== this.#generation) {
      const reading = { generation: this.#generation, vms: this.#read(this.#generation) }
      this.#reading = reading
      const over = () => { if (this.#reading === reading) this.#reading = null }
      reading.vms.then(over, over)
    }
    return this.#reading!.vms
  }

  /** One VM as it is now, for decisions: nothing of it is kept from before. null when it is gone. Throws HostDown and VmHung. */
  async vmNow(uuid: string): Promise<KnownVm | null> {
    const connect = await this.#connection.reader()
    try {
      const domain = await connect.domainLookupByUUID(uuid)
      const stats = (await readStats(connect, [domain], this.#pulling()))?.get(uuid) ?? null
      await this.#readDetails(domain, fingerprintOf(domain, stats && openLayers(stats)))
      return await this.#assemble(domain, stats)
    } catch (error) {
      if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return null
      throw error
    }
  }

  async #read(generation: number): Promise<KnownVm[]> {
    const startedAtMs = Date.now()
    const connect = await this.#connection.reader()
    const [domains, stats] = await Promise.all([connect.listAllDomains(), readStats(connect, [], this.#pulling())])
    const vms = await Promise.all(domains.map((domain) => this.#readVm(domain, stats?.get(domain.uuid) ?? null)))
    vms.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    const present = new Set(vms.map((vm) => vm.uuid))
    for (const map of [this.#details, this.#facts]) for (const uuid of map.keys()) if (!present.has(uuid)) map.delete(uuid)
    this.#vms = vms
    this.#hasRead = true
    if (generation === this.#generation) this.#readAtMs = startedAtMs
    return vms
  }

  /** A VM for the list: its details are waited for a moment only, then what was known of them is shown. */
  async #readVm(domain: Domain, stats: TypedParams | null): Promise<KnownVm> {
    const fingerprint = fingerprintOf(domain, stats && openLayers(stats))
    const before = this.#details.get(domain.uuid)
    if (!before || before.fingerprint !== fingerprint || Date.now() - before.readAtMs > DETAILS_AGE_MS) {
      let late = false
      // One sick VM must not empty a page: it keeps what was known of it. A VM that is gone is not in the next list.
      const reading = this.#readDetails(domain, fingerprint).then(() => { if (late) this.#onLate() }, () => undefined)
      await Promise.race([reading, new Promise<void>((resolve) => { setTimeout(() => { late = true; resolve() }, DETAILS_WAIT_MS).unref() })])
    }
    return this.#assemble(domain, stats)
  }

  async #assemble(domain: Domain, stats: TypedParams | null): Promise<KnownVm> {
    const stateNumber = stats ? numberParam(stats, 'state.state') : null
    const state = stateNumber === null ? await domain.getState() : { state: DOMAIN_STATES[stateNumber] ?? 'no state', reason: numberParam(stats!, 'state.reason') ?? 0 }
    const details = this.#details.get(domain.uuid)
    const ioError = state.state === 'paused' && state.reason === VIR_DOMAIN_PAUSED_IOERROR
    return {
      uuid: domain.uuid, name: domain.name, state: state.state, reason: state.reason, running: domain.id !== -1,
      persistent: details?.persistent ?? true,
      description: details?.description ?? null,
      snapshotCount: details?.snapshotCount ?? null,
      facts: this.#facts.get(domain.uuid) ?? null,
      layers: domain.id === -1 ? null : stats && openLayers(stats),
      diskErrors: ioError ? await this.#inspection.inspect(domain.uuid, (inspected) => inspected.getDiskErrors()).catch(() => null) : null,
    }
  }

  async #readDetails(domain: Domain, fingerprint: string): Promise<void> {
    const [startedAtMs, generation] = [Date.now(), this.#generation]
    const [xml, snapshotCount, persistent] = await Promise.all([
      this.#inspection.inspect(domain.uuid, (inspected) => inspected.getXMLDesc()),
      domain.snapshotNum().catch((error: unknown) => { if (isLibvirtError(error)) return null; throw error }),
      domain.isPersistent(),
    ])
    const before = this.#details.get(domain.uuid)
    const description = before?.xml === xml ? before.description : parseDomainXml(xml)
    // What changed meanwhile may not be in it.
    const readAtMs = generation === this.#generation ? startedAtMs : 0
    this.#details.set(domain.uuid, { readAtMs, xml, description, snapshotCount, persistent, fingerprint })
    this.#wantFacts.add(domain.uuid)
    void this.#readFacts()
  }

  /** In the background: chains of a thousand VMs would hold up the first page for seconds. */
  async #readFacts(): Promise<void> {
    if (this.#factsRunning >= FACTS_AT_ONCE || !this.#connection.uri.startsWith('qemu')) return
    this.#factsRunning++
    try {
      for (const uuid of this.#wantFacts) {
        this.#wantFacts.delete(uuid)
        const description = this.#details.get(uuid)?.description
        if (!description) continue
        const facts = await readDiskFacts(this.#files, description)
        const changed = JSON.stringify(facts.disks) !== JSON.stringify(this.#facts.get(uuid)?.disks)
        this.#facts.set(uuid, facts)
        const vm = this.#vms.find((each) => each.uuid === uuid)
        if (vm) vm.facts = facts
        if (changed) this.#onFacts(uuid)
      }
    } catch {
      // The host is lost; the next read of its VMs asks for the facts again.
    } finally {
      this.#factsRunning--
    }
  }
}

/** Changes when the disks' files do: a disk-only snapshot raises no event. */
const fingerprintOf = (domain: Domain, layers: OpenLayer[] | null): string => `${domain.name}|${domain.id}|${layers?.map((layer) => layer.path).join('|') ?? ''}`

/**
 * Statistics of these domains, or of all. Of a VM that pulls only its state: QEMU 10.0 can die when it is asked for its block
 * nodes at the very end of a pull (bdrv_refresh_filename on the stream job's filter, which has left the graph already;
 * found by the fault matrix, e2e/faults/README.md).
 * null where the driver has no such statistics (libvirt's test driver): states are then asked one by one.
 */
async function readStats(connect: Connect, domains: Domain[], pulling: ReadonlySet<string>): Promise<Map<string, TypedParams> | null> {
  const block = [VIR_DOMAIN_STATS_STATE, VIR_DOMAIN_STATS_BLOCK]
  const flags = [VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT, VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING]
  try {
    const records = pulling.size === 0 ? await connect.getAllDomainStats(domains, block, flags) : await Promise.all([
      readSome(connect, domains, (uuid) => !pulling.has(uuid), (some) => connect.getAllDomainStats(some, block, flags)),
      readSome(connect, domains, (uuid) => pulling.has(uuid), (some) => connect.getAllDomainStats(some, [VIR_DOMAIN_STATS_STATE], [VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT])),
    ]).then((parts) => parts.flat())
    return new Map(records.map((record) => [record.domain.uuid, record.params]))
  } catch (error) {
    if (isLibvirtError(error)) return null
    throw error
  }
}

/** Of these domains (none named: of all) those that are wanted; an empty list would mean all to libvirt. */
async function readSome<T>(connect: Connect, domains: Domain[], wanted: (uuid: string) => boolean, read: (some: Domain[]) => Promise<T[]>): Promise<T[]> {
  const some = (domains.length > 0 ? domains : await connect.listAllDomains()).filter((domain) => wanted(domain.uuid))
  return some.length > 0 ? read(some) : []
}

function openLayers(stats: TypedParams): OpenLayer[] | null {
  const count = numberParam(stats, 'block.count')
  if (count === null) return null
  return Array.from({ length: count }, (_, index) => {
    const text = (field: string) => { const value = stats.get(`block.${index}.${field}`); return typeof value === 'string' ? value : null }
    return {
      target: text('name') ?? '', path: text('path'), nodeIndex: numberParam(stats, `block.${index}.backingIndex`),
      virtualBytes: numberParam(stats, `block.${index}.capacity`), physicalBytes: numberParam(stats, `block.${index}.physical`),
    }
  })
}

/** The disks of a VM for the list: facts of files where they were read, else what the XML and statistics say. */
export function diskSummaries(vm: KnownVm): DiskSummary[] {
  if (!vm.description) return []
  return disksFromXml(vm.description).map((fromXml) => {
    const facts = vm.facts?.disks.find((disk) => disk.target === fromXml.target && disk.path === fromXml.path)
    const open = vm.layers?.filter((layer) => layer.target === fromXml.target) ?? []
    return {
      ...fromXml,
      chainDepth: open.length > 0 ? open.length : (facts?.chainDepth ?? fromXml.chainDepth),
      virtualBytes: open[0]?.virtualBytes ?? facts?.virtualBytes ?? null,
      allocatedBytes: facts?.allocatedBytes ?? null,
    }
  })
}
