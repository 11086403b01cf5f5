import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { acts, guestWrites, HOST } from '../testing/in-process.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { startOnLab } from '../testing/on-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'

const MIB = 1024 * 1024
process.env.KEYFRAME_JOBS_PER_HOST = '50'
const { lab, keyframe } = await startOnLab('slow')

/** Two at a time, as many as there are cores. */
async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  await Promise.all(
    [1, 2].map(async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item)
    }),
  )
}
const job = async (id: string) => (await (await import('../jobs/read-jobs.ts')).readJob(id))!
const commits = async (vm: ReturnType<typeof acts>) =>
  (await vm.plan()).filter((option) => option.direction === 'commit')

describe('a guest that writes faster than the merge copies', () => {
  it('is said so; paused for a moment on request the merge comes to its end, and the guest goes on', async () => {
    await lab.defineGuest({
      name: 'busy',
      system: 'writer',
      disks: [{ format: 'qcow2', virtualBytes: 12 * MIB }],
    })
    await lab.startGuest('busy')
    const vm = acts(keyframe, await keyframe.uuid('busy'))
    expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    const { jobId } = await vm.startMerge(await commits(vm), MIB)
    await waitUntil(async () => (await job(jobId)).offers.some((offer) => offer.act === 'pause'), {
      limitMs: 110_000,
      everyMs: 500,
      what: 'The offer to pause the guest',
    })
    expect((await job(jobId)).note).toMatch(/writes to vda faster than the merge copies/)
    expect((await job(jobId)).offers.map((offer) => offer.act)).toEqual(['pause', 'unlimit'])
    const { chooseWayOut } = await import('../jobs/choose-way-out.ts')
    await chooseWayOut({ jobId, act: 'pause' })
    expect(await keyframe.ended({ jobId })).toMatchObject({ status: 'succeeded', error: null })
    expect(await vm.files('vda')).toEqual(['busy-vda.qcow2'])
    expect((await lab.virsh('domstate', 'busy')).trim()).toBe('running')
    const { readJobStory } = await import('../jobs/step-log.ts')
    expect((await readJobStory(jobId)).map((step) => step.name)).toEqual([
      'remember vda',
      'begin vda',
      'pause the guest for vda',
      'pivot vda',
      'let the guest go on after vda',
      'reconcile vda',
      'compare vda',
    ])
    await lab.virsh('destroy', 'busy')
  }, 240_000)
})

describe('a chain of 60 layers', () => {
  it('is read and merged in one go, every layer’s data in its place', async () => {
    await lab.defineGuest({
      name: 'deep',
      system: 'none',
      memoryMiB: 16,
      disks: [{ format: 'qcow2', virtualBytes: 64 * MIB }],
    })
    await lab.virsh('start', 'deep', '--paused')
    for (let n = 1; n < 60; n++) {
      await lab.virsh('snapshot-create-as', 'deep', `s${n}`, '--disk-only', '--atomic')
      await guestWrites(lab, 'deep', 0, n, n)
    }
    const vm = acts(keyframe, await keyframe.uuid('deep'))
    expect((await vm.chains())[0]!.layers).toHaveLength(60)
    expect(await vm.merge(await commits(vm))).toMatchObject({ status: 'succeeded', error: null })
    expect(await vm.files('vda')).toEqual(['deep-vda.qcow2'])
    await lab.virsh('destroy', 'deep')
    for (const n of [1, 2, 30, 58, 59])
      expect(await patternAt(join(lab.imagesDir, 'deep-vda.qcow2'), 'qcow2', n)).toBe(n)
    for (let n = 1; n < 60; n++) expect(existsSync(join(lab.imagesDir, `deep-vda.s${n}`))).toBe(false)
    expect((await lab.virsh('snapshot-list', 'deep', '--name')).trim()).toBe('')
  }, 240_000)
})

describe('50 VMs with a merge each at once', () => {
  it('are all followed by the one poller to their ends, and a page’s reads stay quick meanwhile', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `many${index}`)
    for (const name of names)
      await lab.defineGuest({
        name,
        system: 'none',
        memoryMiB: 16,
        disks: [{ format: 'qcow2', virtualBytes: 8 * MIB }],
      })
    await inTurns(names, async (name) => {
      await lab.virsh('start', name, '--paused')
      await lab.virsh('snapshot-create-as', name, 's1', '--disk-only', '--atomic')
      await guestWrites(lab, name, 0, 0x5a, 0)
      await guestWrites(lab, name, 0, 0x5b, 4)
    })
    await keyframe.uuid('many49')
    const { hostByName } = await import('../hosts/registry.ts')
    const { readHosts } = await import('../hosts/read-hosts.ts')
    const host = hostByName(HOST)!
    const uuids = (await host.inventory.vms()).filter((vm) => vm.name.startsWith('many')).map((vm) => vm.uuid)
    const vms = uuids.map((uuid) => acts(keyframe, uuid))
    expect(vms).toHaveLength(50)
    const jobs: { jobId: string }[] = []
    for (const vm of vms) jobs.push(await vm.startMerge(await commits(vm), 16 * 1024))
    await waitUntil(() => uuids.every((uuid) => host.jobs.jobsOf(uuid).length === 1), {
      limitMs: 60_000,
      what: 'All block jobs at once',
    })
    const worst = { ms: 0 }
    for (let look = 0; look < 10; look++) {
      const startMs = performance.now()
      const [view] = await readHosts()
      worst.ms = Math.max(worst.ms, performance.now() - startMs)
      expect(view!.vms.filter((vm) => vm.jobs.length === 1)).toHaveLength(50)
    }
    console.log(`50 merges at once: the slowest of 10 reads of the list took ${Math.round(worst.ms)} ms`)
    // What a page waits for a host at most (lib/hosts/read-hosts.ts).
    expect(worst.ms).toBeLessThan(1_500)
    const { setMergeBandwidth } = await import('./set-bandwidth.ts')
    await Promise.all(
      jobs.map(({ jobId }) =>
        setMergeBandwidth({ jobId, bandwidthBytesPerSecond: 0 }).catch(() => undefined),
      ),
    )
    for (const each of jobs)
      expect(await keyframe.ended(each)).toMatchObject({ status: 'succeeded', error: null })
    for (const name of ['many0', 'many49']) {
      await lab.virsh('destroy', name)
      expect(await patternAt(join(lab.imagesDir, `${name}-vda.qcow2`), 'qcow2', 4)).toBe(0x5b)
    }
  }, 400_000)
})
