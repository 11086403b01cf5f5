import 'server-only'
import { isLibvirtError, VIR_ERR_OPERATION_TIMEOUT, type BlockJobInfo } from 'node-libvirt'
import type { KnownVm } from './inventory.ts'
import type { VmInspection } from './vm-inspection.ts'
import type { BlockJobType, BlockJobView } from './types.ts'

/** What is remembered of a job between two polls. */
interface Seen {
  view: BlockJobView
  polledAtMs: number
}

/** libvirt's word of a job's end can come after its Keyframe job has let go of it. */
const END_COMES_LATE_MS = 10_000

/** Smoothing of the rate over polls: new = old + (measured − old) × this. */
const RATE_WEIGHT = 0.3

/** The block jobs of one host's VMs, as last polled: libvirt tells of no job's start and of no progress. */
export class BlockJobWatch {
  readonly #jobs = new Map<string, Map<string, Seen>>()
  /** Disks of our jobs: whose, whether libvirt's word of an end was heard meanwhile, and when the job let go. */
  readonly #own = new Map<string, { jobId: string; heardEnd: boolean; releasedAtMs: number | null }>()
  readonly #polledAtMs = new Map<string, number>()
  readonly #host: string
  readonly #inspection: VmInspection
  constructor(host: string, inspection: VmInspection) {
    this.#host = host
    this.#inspection = inspection
  }

  jobsOf(uuid: string): BlockJobView[] {
    return [...(this.#jobs.get(uuid)?.values() ?? [])].map((seen) => seen.view)
  }

  get vmsWithJobs(): string[] {
    return [...this.#jobs.keys()]
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

  /** libvirt says that a job ended. True when that is the first that is heard of it: it began and ended between two polls, and is not ours. */
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

  /** When the VM was last asked, epoch ms; null: never. */
  polledAtMs(uuid: string): number | null {
    return this.#polledAtMs.get(uuid) ?? null
  }

  /** Asks for the jobs of one VM. True when anything that is shown changed. Throws VmHung and HostDown. */
  async poll(vm: KnownVm): Promise<boolean> {
    const before = this.#jobs.get(vm.uuid)
    if (!vm.running || !vm.description) return this.#jobs.delete(vm.uuid)
    const targets = vm.description.disks.filter((disk) => disk.path !== null).map((disk) => disk.target)
    const readings = await this.#inspection.inspect(vm.uuid, async (domain) => {
      // libvirt answers for a disk without a job from its own memory: only a question to QEMU tells that it hangs.
      await domain.getIOThreadIds().catch((error: unknown) => {
        if (!isLibvirtError(error) || error.code === VIR_ERR_OPERATION_TIMEOUT) throw error
      })
      return Promise.all(
        targets.map(async (target) => {
          const info = await domain.getBlockJobInfo(target).catch((error: unknown) => {
            if (isLibvirtError(error)) return null
            throw error
          })
          // Ready is what libvirt says, not cur == end (oVirt's livemerge: both differ for a moment).
          const ready =
            info !== null &&
            (info.type === 'copy' || info.type === 'active-commit') &&
            info.end > 0 &&
            info.cur === info.end
          return { target, info, ready }
        }),
      )
    })
    this.#polledAtMs.set(vm.uuid, Date.now())
    const now = new Map<string, Seen>()
    for (const { target, info, ready } of readings) {
      if (info) now.set(target, this.#see(vm, target, info, ready, before?.get(target)))
    }
    if (now.size > 0) this.#jobs.set(vm.uuid, now)
    else this.#jobs.delete(vm.uuid)
    return JSON.stringify([...(before ?? [])]) !== JSON.stringify([...now])
  }

  #see(vm: KnownVm, target: string, info: BlockJobInfo, ready: boolean, before: Seen | undefined): Seen {
    const polledAtMs = Date.now()
    // 0/0, 0/1 and 1/1 are QEMU's words for "not known yet" and "empty" (lib/node-libvirt/WIRE.md, section 10).
    const known = info.end > 1
    const same = before?.view.type === info.type && info.cur >= before.view.currentBytes ? before : undefined
    const measured =
      same && polledAtMs > same.polledAtMs
        ? ((info.cur - same.view.currentBytes) * 1000) / (polledAtMs - same.polledAtMs)
        : null
    const old = same?.view.bytesPerSecond ?? null
    const bytesPerSecond =
      measured === null ? old : Math.round(old === null ? measured : old + (measured - old) * RATE_WEIGHT)
    const left = info.end - info.cur
    return {
      polledAtMs,
      view: {
        host: this.#host,
        vmUuid: vm.uuid,
        vmName: vm.name,
        target,
        type: info.type === 'unknown' ? 'copy' : (info.type satisfies BlockJobType),
        currentBytes: info.cur,
        endBytes: info.end,
        percent: known ? Math.min(100, Math.floor((info.cur / info.end) * 100)) : ready ? 100 : null,
        bandwidthBytesPerSecond: info.bandwidthBytesPerSecond,
        bytesPerSecond,
        secondsLeft: known && bytesPerSecond ? Math.ceil(left / bytesPerSecond) : null,
        ready,
        jobId: this.#ownerOf(vm.uuid, target),
        firstSeenMs: same?.view.firstSeenMs ?? polledAtMs,
      },
    }
  }
}
