import 'server-only'
import { publish } from '../live/hub.ts'
import { percentOf, type BlockJobReading } from './block-job.ts'
import type { BlockJobType, BlockJobView } from './types.ts'

/** Between two looks at a VM that has a job, or whose job somebody waits for. */
const FAST_MS = 500
/** Every running VM is asked for block jobs this often: one call a disk. */
const SCAN_MS = 20_000
/** libvirt's word of a job's end can come after its Keyframe job has let go of it. */
const END_COMES_LATE_MS = 10_000
/** Smoothing of the rate over looks: new = old + (measured − old) × this. */
const RATE_WEIGHT = 0.3

/** What the watch must know of a VM. */
export interface WatchedVm {
  uuid: string
  name: string
  running: boolean
  /** null: its XML could not be read yet. */
  description: { disks: readonly { target: string; path: string | null }[] } | null
}

/** By target. */
export type BlockJobReadings = ReadonlyMap<string, BlockJobReading>

/** Where the watch reads. */
export interface BlockJobSource {
  /** The host's VMs, at most a second old. Throws HostDown. */
  vms(): Promise<readonly WatchedVm[]>
  /** The block jobs of these disks, as libvirt has them now. Throws VmHung and HostDown. */
  read(uuid: string, targets: readonly string[]): Promise<BlockJobReadings>
}

export interface BlockJobChange {
  vm: WatchedVm
  running: readonly BlockJobView[]
  /** Those that were not there at the look before. */
  begun: readonly BlockJobView[]
  /** Those that are there no more, as they were last seen. */
  ended: readonly BlockJobView[]
}

type Waiter = {
  resolve: (jobs: BlockJobView[]) => void
  reject: (error: unknown) => void
}

/** What is remembered of a job between two looks. */
interface Seen {
  view: BlockJobView
  seenAtMs: number
}

/**
 * The block jobs of one host's VMs. libvirt tells of no job's start and of no progress, so this asks, by its own clock:
 * VMs that have a job or that somebody waits for every 500 ms, all of them every 20 s, and at once where there is news.
 * Whatever a look finds changed is published and told to the listeners, whoever asked for the look. Sagas and plans
 * wait here (`fresh`, `next`, `follow`) and ask libvirt nothing of their own.
 */
export class BlockJobWatch {
  readonly #jobs = new Map<string, Map<string, Seen>>()
  /** Disks of our jobs: whose, whether libvirt's word of an end was heard meanwhile, and when the job let go. */
  readonly #own = new Map<string, { jobId: string; heardEnd: boolean; releasedAtMs: number | null }>()
  readonly #lookedAtMs = new Map<string, number>()
  readonly #listeners: ((change: BlockJobChange) => void)[] = []
  readonly #waiters = new Map<string, Waiter[]>()
  readonly #followers = new Map<string, Set<(jobs: readonly BlockJobView[]) => void>>()
  /** VMs that are being looked at; the value is what the look after it is for. */
  readonly #looking = new Map<string, WatchedVm | null>()
  readonly #soon = new Set<string>()
  readonly #host: string
  readonly #source: BlockJobSource
  #scannedAtMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null
  #ticking = false
  #stopped = true

  constructor(host: string, source: BlockJobSource) {
    this.#host = host
    this.#source = source
  }

  start(): void {
    this.#stopped = false
    this.#schedule(FAST_MS)
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  /** Called once for every look that found something changed. */
  onChange(listener: (change: BlockJobChange) => void): void {
    this.#listeners.push(listener)
  }

  /** The VM's block jobs as last seen; asks nothing. */
  jobsOf(uuid: string): BlockJobView[] {
    return views(this.#jobs.get(uuid))
  }

  /** A job that no look has seen began after this instant, epoch ms. */
  unseenSinceMs(uuid: string): number {
    return this.#lookedAtMs.get(uuid) ?? Date.now() - SCAN_MS
  }

  /** There is news of this VM: it is looked at at once. */
  soon(uuid: string): void {
    this.#soon.add(uuid)
    this.#schedule(0)
  }

  /** Every VM is looked at at once: the host has come back. */
  scanSoon(): void {
    this.#scannedAtMs = Number.NEGATIVE_INFINITY
    this.#schedule(0)
  }

  /** The VM's block jobs now, by a look that begins after this call: for decisions. Throws VmHung and HostDown. */
  fresh(vm: WatchedVm): Promise<BlockJobView[]> {
    const jobs = this.#wait(vm.uuid)
    this.#look(vm)
    return jobs
  }

  /** The VM's block jobs at the next look of the watch's own clock: for whoever follows a job. Throws VmHung and HostDown. */
  next(uuid: string): Promise<BlockJobView[]> {
    return this.#wait(uuid)
  }

  /** Tells `seen` what each look finds, every 500 ms, until the returned function is called. */
  follow(uuid: string, seen: (jobs: readonly BlockJobView[]) => void): () => void {
    const followers = this.#followers.get(uuid) ?? new Set()
    this.#followers.set(uuid, followers.add(seen))
    return () => {
      followers.delete(seen)
      if (followers.size === 0 && this.#followers.get(uuid) === followers) this.#followers.delete(uuid)
    }
  }

  /** Says which Keyframe job begins (or began) the block job of a disk; null takes it back. */
  setOwner(uuid: string, target: string, jobId: string | null): void {
    const disk = `${uuid}/${target}`
    const own = this.#own.get(disk)
    if (jobId !== null) this.#own.set(disk, { jobId, heardEnd: false, releasedAtMs: null })
    else if (own) own.releasedAtMs = Date.now()
  }

  #ownerOf(uuid: string, target: string): string | null {
    const own = this.#own.get(`${uuid}/${target}`)
    return own?.releasedAtMs === null ? own.jobId : null
  }

  /** libvirt says that a job ended. True when that is the first that is heard of it: it began and ended between two looks, and is not ours. */
  endedUnseen(uuid: string, target: string): boolean {
    const disk = `${uuid}/${target}`
    const own = this.#own.get(disk)
    if (
      own &&
      (own.releasedAtMs === null || (!own.heardEnd && Date.now() - own.releasedAtMs < END_COMES_LATE_MS))
    ) {
      own.heardEnd = true
      return false
    }
    return this.#jobs.get(uuid)?.has(target) !== true
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#tick(), delayMs)
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return this.#schedule(FAST_MS)
    this.#ticking = true
    try {
      await this.#round()
    } catch (error) {
      // A listener's fault: it must not end the watch, nor the process.
      console.error('keyframe: the watch of block jobs', error)
    } finally {
      this.#ticking = false
      this.#schedule(this.#soon.size > 0 ? 0 : FAST_MS)
    }
  }

  /** One round. Between scans it costs calls only for VMs with a job, with somebody who waits, or with news. */
  async #round(): Promise<void> {
    const now = Date.now()
    const scan = now - this.#scannedAtMs >= SCAN_MS
    const due = new Set([
      ...this.#soon,
      ...this.#jobs.keys(),
      ...this.#waiters.keys(),
      ...this.#followers.keys(),
    ])
    if (!scan && due.size === 0) return
    const news = new Set(this.#soon)
    this.#soon.clear()
    let vms: readonly WatchedVm[]
    try {
      vms = await this.#source.vms()
    } catch (error) {
      for (const uuid of due) this.#answer(uuid, this.#take(uuid), error)
      return
    }
    if (scan) this.#scannedAtMs = now
    // Side by side: a VM that hangs must not hold up the news of the others.
    for (const vm of vms)
      if (news.has(vm.uuid) || ((scan || due.has(vm.uuid)) && !this.#looking.has(vm.uuid))) this.#look(vm)
    const present = new Set(vms.map((vm) => vm.uuid))
    for (const uuid of due) if (!present.has(uuid)) this.#gone(uuid)
  }

  /** Looks at a VM, once more after the look that is under way: that one may have read before the news came. */
  #look(vm: WatchedVm): void {
    if (this.#looking.has(vm.uuid)) {
      this.#looking.set(vm.uuid, vm)
      return
    }
    this.#looking.set(vm.uuid, null)
    const waiters = this.#take(vm.uuid)
    void this.#ask(vm)
      .then(
        () => this.#answer(vm.uuid, waiters),
        (error: unknown) => this.#answer(vm.uuid, waiters, error),
      )
      .finally(() => {
        const again = this.#looking.get(vm.uuid) ?? null
        this.#looking.delete(vm.uuid)
        if (again !== null) this.#look(again)
      })
  }

  async #ask(vm: WatchedVm): Promise<void> {
    if (!vm.running) return this.#see(vm, new Map())
    // What can't be asked for has not ended.
    if (!vm.description) return
    const targets = vm.description.disks.filter((disk) => disk.path !== null).map((disk) => disk.target)
    const readings = await this.#source.read(vm.uuid, targets)
    this.#lookedAtMs.set(vm.uuid, Date.now())
    const before = this.#jobs.get(vm.uuid)
    const now = new Map<string, Seen>()
    for (const [target, reading] of readings)
      now.set(target, this.#seenOf(vm, target, reading, before?.get(target)))
    this.#see(vm, now)
  }

  #gone(uuid: string): void {
    const name = this.jobsOf(uuid)[0]?.vmName ?? uuid
    this.#see({ uuid, name, running: false, description: null }, new Map())
    this.#answer(uuid, this.#take(uuid))
  }

  /** Takes in what a look found, and tells whoever listens of what changed. */
  #see(vm: WatchedVm, now: Map<string, Seen>): void {
    const before = this.#jobs.get(vm.uuid)
    if (now.size > 0) this.#jobs.set(vm.uuid, now)
    else this.#jobs.delete(vm.uuid)
    const [had, running] = [views(before), views(now)]
    if (JSON.stringify(had) === JSON.stringify(running)) return
    const isIn = (jobs: readonly BlockJobView[], job: BlockJobView) =>
      jobs.some((each) => each.target === job.target && each.firstSeenMs === job.firstSeenMs)
    publish({ type: 'block-jobs', host: this.#host, vmUuid: vm.uuid, jobs: running })
    const change: BlockJobChange = {
      vm,
      running,
      begun: running.filter((job) => !isIn(had, job)),
      ended: had.filter((job) => !isIn(running, job)),
    }
    for (const listener of this.#listeners) listener(change)
  }

  #wait(uuid: string): Promise<BlockJobView[]> {
    return new Promise((resolve, reject) => {
      this.#waiters.set(uuid, [...(this.#waiters.get(uuid) ?? []), { resolve, reject }])
    })
  }

  /** Those that wait now: only a look that begins after this answers them. */
  #take(uuid: string): Waiter[] {
    const waiters = this.#waiters.get(uuid) ?? []
    this.#waiters.delete(uuid)
    return waiters
  }

  #answer(uuid: string, waiters: readonly Waiter[], ...failed: [] | [error: unknown]): void {
    const jobs = this.jobsOf(uuid)
    for (const { resolve, reject } of waiters) {
      if (failed.length > 0) reject(failed[0])
      else resolve(jobs)
    }
    if (failed.length === 0) for (const seen of this.#followers.get(uuid) ?? []) seen(jobs)
  }

  #seenOf(vm: WatchedVm, target: string, { info, ready }: BlockJobReading, before: Seen | undefined): Seen {
    const seenAtMs = Date.now()
    const same = before?.view.type === info.type && info.cur >= before.view.currentBytes ? before : undefined
    const bytesPerSecond = rateOf(info.cur, seenAtMs, same)
    return {
      seenAtMs,
      view: {
        host: this.#host,
        vmUuid: vm.uuid,
        vmName: vm.name,
        target,
        type: info.type === 'unknown' ? 'copy' : (info.type satisfies BlockJobType),
        currentBytes: info.cur,
        endBytes: info.end,
        percent: percentOf(info, ready),
        bandwidthBytesPerSecond: info.bandwidthBytesPerSecond,
        bytesPerSecond,
        secondsLeft:
          info.end > 1 && bytesPerSecond ? Math.ceil((info.end - info.cur) / bytesPerSecond) : null,
        ready,
        jobId: this.#ownerOf(vm.uuid, target),
        firstSeenMs: same?.view.firstSeenMs ?? seenAtMs,
      },
    }
  }
}

const views = (seen: ReadonlyMap<string, Seen> | undefined): BlockJobView[] =>
  [...(seen?.values() ?? [])].map(({ view }) => view)

/** Bytes per second, smoothed over looks; null until there are two of the same job. */
function rateOf(currentBytes: number, nowMs: number, before: Seen | undefined): number | null {
  const old = before?.view.bytesPerSecond ?? null
  if (!before || nowMs <= before.seenAtMs) return old
  const measured = ((currentBytes - before.view.currentBytes) * 1000) / (nowMs - before.seenAtMs)
  return Math.round(old === null ? measured : old + (measured - old) * RATE_WEIGHT)
}
