import 'server-only'
import type { DomainEvent } from 'node-libvirt'
import { publish, isWatched } from '../live/hub.ts'
import { BlockJobWatch } from './block-job-watch.ts'
import { FrozenGuests } from './frozen-guests.ts'
import { HostConnection } from './host-connection.ts'
import { ImageFiles } from './image-files.ts'
import { Inventory, type KnownVm } from './inventory.ts'
import type { BlockJobView } from './types.ts'
import { VmInspection } from './vm-inspection.ts'

/** While a job runs or a VM's page is open. */
const FAST_MS = 500
/** Open pages are looked after this often. */
const WATCHED_MS = 1_000
/** Late details are collected this long before pages read again. */
const LATE_NEWS_MS = 500
/** Every running VM is asked for block jobs this often: one call a disk. */
const SCAN_MS = 20_000

/** `sinceMs`: the job began after this instant, epoch ms. */
type BrokenOffListener = (vmUuid: string, target: string, sinceMs: number) => void
type JobListener = (vm: KnownVm, running: readonly BlockJobView[], ended: readonly BlockJobView[]) => void

/** One configured hypervisor: its connections, what is known of it, and its one poller. */
export class Host {
  readonly name: string
  readonly connection: HostConnection
  readonly files: ImageFiles
  readonly inspection: VmInspection
  readonly inventory: Inventory
  readonly jobs: BlockJobWatch
  readonly frozen: FrozenGuests
  readonly #fingerprints = new Map<string, string>()
  readonly #pollNow = new Set<string>()
  readonly #upListeners: (() => void)[] = []
  readonly #jobListeners: JobListener[] = []
  readonly #brokenOffListeners: BrokenOffListener[] = []
  #scannedAtMs = 0
  #watchedAtMs = 0
  #timer: NodeJS.Timeout | null = null
  #lateTimer: NodeJS.Timeout | null = null
  #polling = false
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
    this.jobs = new BlockJobWatch(name, this.inspection)
    this.frozen = new FrozenGuests(this.connection)
  }

  start(): void {
    this.connection.start()
    this.#schedule(FAST_MS)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.connection.stop()
  }

  /** Called each time the host comes (back) up. */
  onUp(listener: () => void): void {
    this.#upListeners.push(listener)
  }

  /** Called when the block jobs of a VM changed. */
  onJobs(listener: JobListener): void {
    this.#jobListeners.push(listener)
  }

  /** Called when a commit was broken off that no poll had seen and that is not Keyframe's. */
  onBrokenOff(listener: BrokenOffListener): void {
    this.#brokenOffListeners.push(listener)
  }

  /** Something was changed here or is about to be: pages and the poller look again at once. */
  changed(uuid: string): void {
    this.files.forget()
    this.inventory.invalidate(uuid)
    this.#pollNow.add(uuid)
    publish({ type: 'vm', host: this.name, vmUuid: uuid })
    publish({ type: 'host', host: this.name })
    this.#schedule(0)
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
    this.#scannedAtMs = 0
    publish({ type: 'host', host: this.name })
    for (const listener of this.#upListeners) listener()
    this.#schedule(0)
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
      const sinceMs = this.jobs.polledAtMs(uuid) ?? Date.now() - SCAN_MS
      for (const listener of this.#brokenOffListeners) listener(uuid, event.target, sinceMs)
    }
    this.changed(uuid)
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#poll(), delayMs)
    this.#timer.unref()
  }

  async #poll(): Promise<void> {
    if (this.#polling) return this.#schedule(FAST_MS)
    this.#polling = true
    try {
      if (this.connection.status.status === 'up') await this.#look()
    } catch {
      // The host went away meanwhile; its connection tells when it is back.
    } finally {
      this.#polling = false
      this.#schedule(FAST_MS)
    }
  }

  /** One round. Between scans it costs calls only for VMs with a job, an open page or news. */
  async #look(): Promise<void> {
    const now = Date.now()
    const scan = now - this.#scannedAtMs >= SCAN_MS
    const watched = now - this.#watchedAtMs >= WATCHED_MS
    const known = this.inventory.lastKnown
    const due = new Set([...this.#pollNow, ...this.jobs.vmsWithJobs])
    const opened = watched || scan ? known.filter((vm) => isWatched(this.name, vm.uuid)) : []
    // A disk-only snapshot raises no event: of an open page's VM the XML is read anew.
    for (const vm of opened) this.inventory.expire(vm.uuid)
    for (const vm of opened) due.add(vm.uuid)
    if (!scan && due.size === 0) return
    this.#pollNow.clear()
    if (scan) this.#scannedAtMs = now
    if (watched) this.#watchedAtMs = now
    const vms = await this.inventory.vms()
    // Side by side: a VM that hangs must not hold up the news of the others.
    await Promise.all(
      vms
        .filter((vm) => scan || due.has(vm.uuid))
        .map(async (vm) => {
          await this.#pollJobs(vm)
          if (scan || opened.some((each) => each.uuid === vm.uuid)) this.#compare(vm)
          if (isWatched(this.name, vm.uuid))
            void this.frozen.probe(vm).then((changed) => {
              if (changed) publish({ type: 'vm', host: this.name, vmUuid: vm.uuid })
            })
        }),
    )
  }

  async #pollJobs(vm: KnownVm): Promise<void> {
    const had = this.jobs.jobsOf(vm.uuid)
    const changed = await this.jobs.poll(vm).catch(() => false)
    if (!changed) return
    const has = this.jobs.jobsOf(vm.uuid)
    publish({ type: 'block-jobs', host: this.name, vmUuid: vm.uuid, jobs: has })
    const ended = had.filter((job) => !has.some((each) => each.target === job.target))
    for (const listener of this.#jobListeners) listener(vm, has, ended)
    const same = had.map((job) => job.target).join() === has.map((job) => job.target).join()
    if (same) return
    // A job that began or ended changes the chain.
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
