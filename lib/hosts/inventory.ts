import 'server-only'
import {
  DOMAIN_STATES,
  VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT,
  VIR_DOMAIN_PAUSED_IOERROR,
  VIR_DOMAIN_STATS_STATE,
  VIR_DOMAIN_XML_INACTIVE,
  VIR_ERR_NO_DOMAIN,
  isLibvirtError,
  numberParam,
  type Connect,
  type Domain,
  type TypedParams,
} from 'node-libvirt'
import { resolveVolumes } from './resolve-volumes.ts'
import { disksFromXml, readDiskFacts, type DiskFacts } from './disk-facts.ts'
import { parseDomainXml, type DomainDescription } from './domain-xml.ts'
import type { HostConnection } from './host-connection.ts'
import type { ImageFiles } from './image-files.ts'
import type { VmInspection } from './vm-inspection.ts'
import type { DiskSummary, VmState } from './types.ts'

/** What pages read of a host is shared between them for this long (lib/README.md, “Who knows what”). */
const SHARED_MS = 1_000
/** XML and snapshot counts are read again after this long even when nothing told of a change: not every change has an event. */
const DETAILS_AGE_MS = 20_000
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
  /** What the next start uses; null of a transient VM, and until it was read. */
  next: DomainDescription | null
  snapshotCount: number | null
  facts: DiskFacts | null
  /** Of a VM that is paused by an I/O error: which disks, and whether for want of space. */
  diskErrors: { target: string; error: 'unspecified' | 'no space' }[] | null
}

interface Details {
  readAtMs: number
  xml: string
  description: DomainDescription
  next: DomainDescription | null
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

  constructor(
    connection: HostConnection,
    inspection: VmInspection,
    files: ImageFiles,
    onFacts: (uuid: string) => void,
    onLate: () => void,
  ) {
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

  /** Counts what was told to have changed: equal ones mean that nothing was. */
  get generation(): number {
    return this.#generation
  }

  /** Something changed: the next read asks again; with a UUID also for its XML and snapshots. */
  invalidate(uuid?: string): void {
    this.#generation++
    this.expire(uuid)
  }

  /** The next read asks again; with a UUID also for its XML and snapshots. Nothing is known to have changed, so reads that are under way count. */
  expire(uuid?: string): void {
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
      const over = () => {
        if (this.#reading === reading) this.#reading = null
      }
      reading.vms.then(over, over)
    }
    return this.#reading!.vms
  }

  /** One VM as it is now, for decisions: nothing of it is kept from before. null when it is gone. Throws HostDown and VmHung. */
  async vmNow(uuid: string): Promise<KnownVm | null> {
    const connect = await this.#connection.reader()
    try {
      const domain = await connect.domainLookupByUUID(uuid)
      const stats = (await readStates(connect, [domain]))?.get(uuid) ?? null
      await this.#readDetails(domain, fingerprintOf(domain))
      return await this.#assemble(domain, stats)
    } catch (error) {
      if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return null
      throw error
    }
  }

  async #read(generation: number): Promise<KnownVm[]> {
    const startedAtMs = Date.now()
    const connect = await this.#connection.reader()
    const [domains, stats] = await Promise.all([connect.listAllDomains(), readStates(connect, [])])
    const read = await Promise.all(
      domains.map((domain) =>
        this.#readVm(domain, stats?.get(domain.uuid) ?? null).catch((error: unknown) => {
          // Gone since it was listed: a helper of a copy, say.
          if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return null
          throw error
        }),
      ),
    )
    const vms = read.filter((vm) => vm !== null)
    vms.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    const present = new Set(vms.map((vm) => vm.uuid))
    for (const map of [this.#details, this.#facts])
      for (const uuid of map.keys()) if (!present.has(uuid)) map.delete(uuid)
    this.#vms = vms
    this.#hasRead = true
    if (generation === this.#generation) this.#readAtMs = startedAtMs
    return vms
  }

  /** A VM for the list: its details are waited for a moment only, then what was known of them is shown. */
  async #readVm(domain: Domain, stats: TypedParams | null): Promise<KnownVm> {
    const fingerprint = fingerprintOf(domain)
    const before = this.#details.get(domain.uuid)
    if (!before || before.fingerprint !== fingerprint || Date.now() - before.readAtMs > DETAILS_AGE_MS) {
      let late = false
      // One sick VM must not empty a page: it keeps what was known of it. A VM that is gone is not in the next list.
      const reading = this.#readDetails(domain, fingerprint).then(
        () => {
          if (late) this.#onLate()
        },
        () => undefined,
      )
      await Promise.race([
        reading,
        new Promise<void>((resolve) => {
          setTimeout(() => {
            late = true
            resolve()
          }, DETAILS_WAIT_MS).unref()
        }),
      ])
    }
    return this.#assemble(domain, stats)
  }

  async #assemble(domain: Domain, stats: TypedParams | null): Promise<KnownVm> {
    const stateNumber = stats ? numberParam(stats, 'state.state') : null
    const state =
      stateNumber === null
        ? await domain.getState()
        : {
            state: DOMAIN_STATES[stateNumber] ?? 'no state',
            reason: numberParam(stats!, 'state.reason') ?? 0,
          }
    const details = this.#details.get(domain.uuid)
    const ioError = state.state === 'paused' && state.reason === VIR_DOMAIN_PAUSED_IOERROR
    return {
      uuid: domain.uuid,
      name: domain.name,
      state: state.state,
      reason: state.reason,
      running: domain.id !== -1,
      persistent: details?.persistent ?? true,
      description: details?.description ?? null,
      next: details?.next ?? null,
      snapshotCount: details?.snapshotCount ?? null,
      facts: this.#facts.get(domain.uuid) ?? null,
      diskErrors: ioError
        ? await this.#inspection
            .inspect(domain.uuid, (inspected) => inspected.getDiskErrors())
            .catch(() => null)
        : null,
    }
  }

  async #readDetails(domain: Domain, fingerprint: string): Promise<void> {
    const [startedAtMs, generation] = [Date.now(), this.#generation]
    const [[xml, nextXml], snapshotCount, persistent] = await Promise.all([
      // Both hang with their QEMU (measured): libvirt asks it for the size of its memory even for the next start.
      this.#inspection.inspect(domain.uuid, (inspected) =>
        Promise.all([inspected.getXMLDesc(), inspected.getXMLDesc(VIR_DOMAIN_XML_INACTIVE)]),
      ),
      domain.snapshotNum().catch((error: unknown) => {
        if (isLibvirtError(error)) return null
        throw error
      }),
      domain.isPersistent(),
    ])
    const before = this.#details.get(domain.uuid)
    const parsed = before?.xml === xml ? before.description : parseDomainXml(xml)
    const connect = await this.#connection.reader()
    const description = { ...parsed, disks: await resolveVolumes(connect, parsed.disks) }
    const next = persistent ? await this.#parseNext(connect, nextXml, xml, description) : null
    // What changed meanwhile may not be in it.
    const readAtMs = generation === this.#generation ? startedAtMs : 0
    this.#details.set(domain.uuid, {
      readAtMs,
      xml,
      description,
      next,
      snapshotCount,
      persistent,
      fingerprint,
    })
    this.#wantFacts.add(domain.uuid)
    void this.#readFacts()
  }

  /** Of a VM that is off the two are one text. */
  async #parseNext(
    connect: Connect,
    nextXml: string,
    xml: string,
    description: DomainDescription,
  ): Promise<DomainDescription> {
    if (nextXml === xml) return description
    const parsed = parseDomainXml(nextXml)
    return { ...parsed, disks: await resolveVolumes(connect, parsed.disks) }
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

/** Changes when the VM was renamed, started or stopped. */
const fingerprintOf = (domain: Domain): string => `${domain.name}|${domain.id}`

/**
 * State and reason of these domains, or of all. No block statistics: they ask each VM's QEMU for all of its block nodes, of which
 * - from 28 layers on the nested answer is too deep for libvirt's parser ("nesting too deep"), and that VM's monitor is lost for
 *   good, whoever asked: no snapshot and no merge works any more (measured; one `virsh domstats --block` is enough),
 * - at the very end of a pull QEMU 10.0 can die (bdrv_refresh_filename on the stream job's filter, which has left the graph;
 *   found by the fault matrix, e2e/faults/README.md).
 * What pages show of layers comes from the XML and the files instead.
 * null where the driver has no statistics (libvirt's test driver): states are then asked one by one.
 */
async function readStates(connect: Connect, domains: Domain[]): Promise<Map<string, TypedParams> | null> {
  try {
    const records = await connect.getAllDomainStats(
      domains,
      [VIR_DOMAIN_STATS_STATE],
      [VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT],
    )
    return new Map(records.map((record) => [record.domain.uuid, record.params]))
  } catch (error) {
    if (isLibvirtError(error)) return null
    throw error
  }
}

/** Files of the VM's disks that are known without reading one. */
export const filesOf = (vm: KnownVm): string[] =>
  (vm.description?.disks ?? []).flatMap((disk) =>
    [disk.path, ...disk.layers.map((layer) => layer.path)].filter((path) => path !== null),
  )

/** The disks of a VM for the list: facts of files where they were read, else what the XML and statistics say. */
export function diskSummaries(vm: KnownVm): DiskSummary[] {
  if (!vm.description) return []
  return disksFromXml(vm.description).map((fromXml) => {
    const facts = vm.facts?.disks.find((disk) => disk.target === fromXml.target && disk.path === fromXml.path)
    return {
      ...fromXml,
      // QEMU has open what the XML says; of a VM that is off the headers were followed.
      chainDepth: fromXml.chainDepth ?? facts?.chainDepth ?? null,
      virtualBytes: facts?.virtualBytes ?? null,
      allocatedBytes: facts?.allocatedBytes ?? null,
    }
  })
}
