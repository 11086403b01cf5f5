import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../schedules/clock.ts'
import type { MergeQuestion } from '../merges/plan-merge.ts'
import type { PowerInput } from '../power/power.ts'
import type { JobView } from '../jobs/types.ts'
import type { Lab } from './lab/lab.ts'
import { qemuIo } from './lab/qemu-io.ts'
import { waitUntil } from './lab/wait-until.ts'

export const HOST = 'lab'
const USER = { name: 'tester' }
const JOB_LIMIT_MS = 90_000

/** Keyframe's own functions on a real lab, without the web server: what a server action calls. */
export interface Keyframe {
  dataDir: string
  /** Waits for the end of a job. */
  ended(job: { jobId: string }): Promise<JobView>
  uuid(name: string): Promise<string>
  /** `keepData`: as a stop of the app, to be started again. */
  stop(options?: { keepData?: boolean }): Promise<void>
}

/** One for each test file: its settings are those of the process. Schedules run only where a clock is given, and with them the checks that begin by themselves; `others` are URIs of further hosts by name; `dataDir` is that of one before it. */
export async function startKeyframe(
  lab: { uri: string },
  {
    clock = null,
    dataDir = mkdtempSync(join(tmpdir(), 'kf-data-')),
    others = {},
  }: { clock?: Clock | null; dataDir?: string; others?: Record<string, string> } = {},
): Promise<Keyframe> {
  Object.assign(process.env, {
    LIBVIRT_URI: Object.entries({ [HOST]: lab.uri, ...others })
      .map(([name, uri]) => `${name}=${uri.replaceAll(',', '%2C')}`)
      .join(','),
    KEYFRAME_DATA: dataDir,
    KEYFRAME_ADMIN_PASSWORD: 'tester-password',
  })
  const { forgetSettings } = await import('../settings/settings.ts')
  // One of before in this process, on another lab, has left its settings.
  forgetSettings()
  const { openStore, closeStore } = await import('../store/store.ts')
  const { stopHosts } = await import('../hosts/registry.ts')
  const { stopJobs } = await import('../jobs/engine.ts')
  const { readJob } = await import('../jobs/read-jobs.ts')
  const { startOperations } = await import('../start/start-operations.ts')
  const { stopNotifications } = await import('../notifications/start-notifications.ts')
  const { stopSchedules } = await import('../schedules/start-schedules.ts')
  await openStore()
  await startOperations(clock)
  return {
    dataDir,
    ended: ({ jobId }) =>
      waitUntil(
        async () => {
          const job = await readJob(jobId)
          return job !== null && job.endedAtMs !== null ? job : undefined
        },
        { limitMs: JOB_LIMIT_MS, what: `The end of job ${jobId}` },
      ),
    async uuid(name) {
      const { hostByName } = await import('../hosts/registry.ts')
      return waitUntil(
        async () => {
          const { inventory } = hostByName(HOST)!
          inventory.invalidate()
          return (await inventory.vms()).find((vm) => vm.name === name)?.uuid
        },
        { limitMs: 10_000, what: `The VM ${name}` },
      )
    },
    async stop({ keepData = false } = {}) {
      await stopNotifications()
      await stopSchedules()
      await stopJobs()
      await stopHosts()
      await closeStore()
      if (!keepData) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** The acts as a page starts them, each waited for to its end. Refusals before a job's start reject. */
export function acts(keyframe: Keyframe, vm: string, host = HOST) {
  const subject = () => ({ host, vm, nonce: crypto.randomUUID() })
  return {
    async startSnapshot(input: {
      name: string
      disks: string[]
      quiesce?: 'auto' | 'required' | 'off'
      description?: string
      overlayDirectory?: string | null
      transientConfirmed?: boolean
    }) {
      const { startCreateSnapshot } = await import('../snapshots/create-snapshot.ts')
      const { readCreatePlan } = await import('../snapshots/read-create-situation.ts')
      const whole = { quiesce: 'off' as const, description: '', overlayDirectory: null, ...input }
      const { fingerprint } = await readCreatePlan(host, vm, whole)
      return startCreateSnapshot({ ...subject(), fingerprint, ...whole }, USER)
    },
    async snapshot(input: Parameters<typeof this.startSnapshot>[0]) {
      return keyframe.ended(await this.startSnapshot(input))
    },
    async plan(question: MergeQuestion = {}) {
      const { readMergePlans } = await import('../merges/read-merge-plans.ts')
      return readMergePlans(host, vm, question)
    },
    /** Of each range the plan as a dialog would show it now. */
    async startMerge(
      ranges: { target: string; direction: 'commit' | 'pull'; topPath: string; basePath: string | null }[],
      bandwidthBytesPerSecond = 0,
      asked: { insist?: string; removeTemplates?: boolean } = {},
    ) {
      const { startMerge } = await import('../merges/start-merge.ts')
      const shown = await Promise.all(
        ranges.map(async ({ target, direction, topPath, basePath }) => {
          const plan = (await this.plan({ target, topPath, basePath, ...asked })).find(
            (option) => option.direction === direction,
          )
          return { target, direction, topPath, basePath, fingerprint: plan?.plan.fingerprint ?? '', ...asked }
        }),
      )
      return startMerge({ ...subject(), ranges: shown, bandwidthBytesPerSecond }, USER)
    },
    async merge(
      ranges: { target: string; direction: 'commit' | 'pull'; topPath: string; basePath: string | null }[],
      bandwidthBytesPerSecond = 0,
      asked: { insist?: string; removeTemplates?: boolean } = {},
    ) {
      return keyframe.ended(await this.startMerge(ranges, bandwidthBytesPerSecond, asked))
    },
    async revert(
      snapshot: string,
      input: { stateAfter?: 'running' | 'off' | 'as-it-was'; safetySnapshot?: boolean; insist?: string } = {},
    ) {
      const { startRevert } = await import('../snapshots/revert-to-snapshot.ts')
      const { readRevertPlan } = await import('../snapshots/read-plans.ts')
      const { plan } = await readRevertPlan(host, vm, snapshot)
      return keyframe.ended(
        await startRevert(
          {
            ...subject(),
            snapshot,
            stateAfter: 'as-it-was',
            safetySnapshot: false,
            fingerprint: plan.fingerprint,
            ...input,
          },
          USER,
        ),
      )
    },
    async startRemove(snapshot: string, input: { withChildren?: boolean; metadataOnly?: boolean } = {}) {
      const { startDelete } = await import('../snapshots/delete-snapshot.ts')
      const { readDeletePlan } = await import('../snapshots/read-plans.ts')
      const { plan } = await readDeletePlan(host, vm, snapshot, input.withChildren ?? false)
      return startDelete(
        {
          ...subject(),
          snapshot,
          withChildren: false,
          metadataOnly: false,
          fingerprint: plan.fingerprint,
          ...input,
        },
        USER,
      )
    },
    async remove(snapshot: string, input: { withChildren?: boolean; metadataOnly?: boolean } = {}) {
      return keyframe.ended(await this.startRemove(snapshot, input))
    },
    async power(act: PowerInput['act'], confirmed?: string) {
      const { startPower } = await import('../power/power.ts')
      return keyframe.ended(await startPower({ ...subject(), act, confirmed }, USER))
    },
    async chains() {
      const { hostByName } = await import('../hosts/registry.ts')
      hostByName(host)!.changed(vm)
      const { readVmChains } = await import('../chains/read-vm-chains.ts')
      return readVmChains(host, vm)
    },
    /** Files of one disk, base first, without their folder. */
    async files(target: string) {
      const chain = (await this.chains()).find((each) => each.target === target)
      return chain?.layers.map((layer) => layer.path.split('/').pop()!) ?? []
    },
    async snapshots() {
      const { readSnapshotTree } = await import('../snapshots/read-snapshot-tree.ts')
      return (await readSnapshotTree(host, vm)).nodes
    },
  }
}

/** Writes `pattern` (a byte) over so many MiB of a disk as its guest would, through QEMU's monitor: no system needed. */
export async function guestWrites(
  lab: Lab,
  name: string,
  diskIndex: number,
  pattern: number,
  offsetMiB = 0,
  lengthMiB = 1,
): Promise<void> {
  const log = join(lab.dirs.cache, 'libvirt/qemu/log', `${name}.log`)
  const bytes = lengthMiB * 1024 * 1024
  const written = () => readFileSync(log, 'utf8').split(`wrote ${bytes}/${bytes} bytes`).length
  const before = written()
  await qemuIo(lab, name, diskIndex, `write -P ${pattern} ${offsetMiB}M ${lengthMiB}M`)
  // The monitor says nothing of a write that failed; QEMU's log does.
  await waitUntil(() => written() > before, {
    limitMs: 10_000,
    everyMs: 20,
    what: `The write to disk ${diskIndex} of ${name}`,
    hint: `Read ${log}.`,
  })
}

/** What QEMU holds back in memory of so many disks, written out: a reader beside it sees it then. */
export async function guestFlushes(lab: Lab, name: string, disks: number): Promise<void> {
  for (let disk = 0; disk < disks; disk++) await qemuIo(lab, name, disk, 'flush')
}
