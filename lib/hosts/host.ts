import 'server-only'
import { isLibvirtError, VIR_ERR_OPERATION_TIMEOUT, type Domain, type DomainEvent } from 'node-libvirt'
import { publish, isWatched } from '../live/hub.ts'
import { readBlockJob } from './block-job.ts'
import { BlockJobWatch, type BlockJobChange, type BlockJobReadings } from './block-job-watch.ts'
import { FrozenGuests } from './frozen-guests.ts'
import { HostConnection } from './host-connection.ts'
import { ImageFiles } from './image-files.ts'
import { Inventory, type KnownVm } from './inventory.ts'
import { VmInspection } from './vm-inspection.ts'

/** Open pages are looked after this often. */
const OPEN_MS = 1_000
/** Late details are collected this long before pages read again. */
const LATE_NEWS_MS = 500
/** VMs without an open page are compared with what was known of them this often. */
const ALL_MS = 20_000

/** `sinceMs`: the job began after this instant, epoch ms. */
type BrokenOffListener = (vmUuid: string, target: string, sinceMs: number) => void

/** libvirt answers for a disk without a job from its own memory: only a question to QEMU tells that it hangs. */
async function askQemu(domain: Domain): Promise<void> {
  await domain.getIOThreadIds().catch((error: unknown) => {
    if (!isLibvirtError(error) || error.code === VIR_ERR_OPERATION_TIMEOUT) throw error
  })
}

async function readBlockJobs(domain: Domain, targets: readonly string[]): Promise<BlockJobReadings> {
  await askQemu(domain)
  const readings = await Promise.all(
    targets.map(async (target) => {
      const reading = await readBlockJob(domain, target).catch((error: unknown) => {
        if (isLibvirtError(error)) return null
        throw error
      })
      return [target, reading] as const
    }),
  )
  return new Map(readings.flatMap(([target, reading]) => (reading === null ? [] : [[target, reading]])))
}

/** One configured hypervisor: its connections, what is known of it, and the watch of its block jobs. */
export class Host {
  readonly name: string
  readonly connection: HostConnection
  readonly files: ImageFiles
  readonly inspection: VmInspection
  readonly inventory: Inventory
  readonly jobs: BlockJobWatch
  readonly frozen: FrozenGuests
  readonly #fingerprints = new Map<string, string>()
  readonly #upListeners: (() => void)[] = []
  readonly #brokenOffListeners: BrokenOffListener[] = []
  readonly #lookListeners: ((vm: KnownVm) => void)[] = []
  #comparedAllAtMs = 0
  #timer: NodeJS.Timeout | null = null
  #lateTimer: NodeJS.Timeout | null = null
  #stopped = false

  constructor(name: string, uri: string) {
    this.name = name
    this.connection = new HostConnection(uri, {
      onUp: () => this.#up(),
      onDown: () => publish({ type: 'host', host: name }),
      onEvent: (event) => this.#event(event),
    })
    this.files = new ImageFiles(() => this.connection.files())
    this.inspection = new VmInspection(this.connection)
    this.inventory = new Inventory(
      this.connection,
      this.inspection,
      this.files,
      (uuid) => {
        publish({ type: 'vm', host: name, vmUuid: uuid })
        publish({ type: 'host', host: name })
      },
      () => this.#detailsCameLate(),
    )
    this.jobs = new BlockJobWatch(name, {
      vms: () => this.inventory.vms(),
      read: (uuid, targets) => this.inspection.inspect(uuid, (domain) => readBlockJobs(domain, targets)),
    })
    this.jobs.onChange((change) => this.#chainsChanged(change))
    this.frozen = new FrozenGuests(this.connection)
  }

  start(): void {
    this.connection.start()
    this.jobs.start()
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
    this.jobs.stop()
    await this.connection.stop()
  }

  /** Called each time the host comes (back) up. */
  onUp(listener: () => void): void {
    this.#upListeners.push(listener)
  }

  /** Called for each VM from time to time, and when an open page of it is looked after. */
  onLook(listener: (vm: KnownVm) => void): void {
    this.#lookListeners.push(listener)
  }

  /** Called when a commit was broken off that the watch had not seen and that is not Keyframe's. */
  onBrokenOff(listener: BrokenOffListener): void {
    this.#brokenOffListeners.push(listener)
  }

  /** Something was changed here or is about to be: pages and the watch look again at once. */
  changed(uuid: string): void {
    this.files.forget()
    this.inventory.invalidate(uuid)
    this.jobs.soon(uuid)
    publish({ type: 'vm', host: this.name, vmUuid: uuid })
    publish({ type: 'host', host: this.name })
  }

  /** A thousand VMs that answer late are one piece of news for the list. */
  #detailsCameLate(): void {
    this.#lateTimer ??= setTimeout(() => {
      this.#lateTimer = null
      this.inventory.invalidate()
      publish({ type: 'host', host: this.name })
    }, LATE_NEWS_MS).unref()
  }

  #up(): void {
    this.inventory.invalidate()
    this.files.forget()
    this.#comparedAllAtMs = 0
    publish({ type: 'host', host: this.name })
    for (const listener of this.#upListeners) listener()
    this.jobs.scanSoon()
  }

  #event(event: DomainEvent): void {
    const { uuid } = event.domain
    if (
      event.type === 'block-job' &&
      event.status !== 'ready' &&
      this.jobs.endedUnseen(uuid, event.target) &&
      /commit$/.test(event.jobType) &&
      event.status !== 'completed'
    ) {
      const sinceMs = this.jobs.unseenSinceMs(uuid)
      for (const listener of this.#brokenOffListeners) listener(uuid, event.target, sinceMs)
    }
    this.changed(uuid)
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.#lookAtPages(), OPEN_MS)
    this.#timer.unref()
  }

  /** Nothing is asked for VMs without an open page, but for a comparison of all from time to time. */
  async #lookAtPages(): Promise<void> {
    try {
      if (this.connection.status.status === 'up') await this.#look()
    } catch {
      // The host went away meanwhile; its connection tells when it is back.
    } finally {
      this.#schedule()
    }
  }

  async #look(): Promise<void> {
    const now = Date.now()
    const all = now - this.#comparedAllAtMs >= ALL_MS
    const opened = new Set(
      this.inventory.lastKnown.filter((vm) => isWatched(this.name, vm.uuid)).map((vm) => vm.uuid),
    )
    if (!all && opened.size === 0) return
    if (all) this.#comparedAllAtMs = now
    // A disk-only snapshot raises no event: of an open page's VM the XML is read anew.
    for (const uuid of opened) {
      this.inventory.expire(uuid)
      this.jobs.soon(uuid)
    }
    for (const vm of await this.inventory.vms()) {
      if (all || opened.has(vm.uuid)) {
        this.#compare(vm)
        for (const listener of this.#lookListeners) listener(vm)
      }
      if (opened.has(vm.uuid))
        void this.frozen.probe(vm).then((changed) => {
          if (changed) publish({ type: 'vm', host: this.name, vmUuid: vm.uuid })
        })
    }
  }

  /** A block job that began or ended changes the chain. */
  #chainsChanged({ vm, begun, ended }: BlockJobChange): void {
    if (begun.length === 0 && ended.length === 0) return
    this.files.forget()
    this.inventory.invalidate(vm.uuid)
    publish({ type: 'vm', host: this.name, vmUuid: vm.uuid })
    publish({ type: 'host', host: this.name })
  }

  /** A disk-only snapshot raises no event: an open page learns of it here. */
  #compare(vm: KnownVm): void {
    const fingerprint = JSON.stringify([
      vm.name,
      vm.state,
      vm.reason,
      vm.snapshotCount,
      vm.description?.disks.map((disk) => [disk.path, ...disk.layers.map((layer) => layer.path)]),
    ])
    const before = this.#fingerprints.get(vm.uuid)
    this.#fingerprints.set(vm.uuid, fingerprint)
    if (before === undefined || before === fingerprint) return
    this.files.forget()
    publish({ type: 'vm', host: this.name, vmUuid: vm.uuid })
    publish({ type: 'host', host: this.name })
  }
}
