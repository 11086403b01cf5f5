import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acts, HOST, startKeyframe, type Keyframe } from '../testing/in-process.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { subscribe, watch } from '../live/hub.ts'
import { qemuIo } from '../testing/lab/qemu-io.ts'
import type { LiveEvent } from '../live/types.ts'

const MIB = 1024 * 1024
let lab: Lab
let keyframe: Keyframe
const events: { atMs: number; event: LiveEvent }[] = []
const hostView = async () => (await (await import('./read-hosts.ts')).readHosts())[0]!

beforeAll(async () => {
  lab = await startTestLab('hosts')
  // Down at start: the app must come up all the same.
  await lab.killLibvirtd('SIGTERM')
  keyframe = await startKeyframe(lab)
  subscribe(null, ({ event }) => events.push({ atMs: Date.now(), event }))
})
afterAll(async () => {
  await keyframe?.stop()
  await lab?.stop({ remove: true })
})
const define = async (name: string) => {
  await lab.defineGuest({ name, system: 'none', disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }] })
  await lab.startGuest(name)
  return keyframe.uuid(name)
}

it('a host that is down at start is a state with its reason, and comes up by itself', async () => {
  const down = await waitUntil(
    async () => {
      const view = await hostView()
      return view.status === 'down' && view
    },
    { limitMs: 10_000, what: 'The word that the host is down' },
  )
  expect(down.reason).toMatch(/socket|nothing listens/i)
  await lab.startLibvirtd()
  await waitUntil(async () => (await hostView()).status === 'up', {
    limitMs: 20_000,
    what: 'The host up again',
  })
  expect(await hostView()).toMatchObject({
    libvirtVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
    reason: null,
  })
})

it('libvirtd killed: the last known VMs stay with the reason; back again, events are registered anew', async () => {
  const uuid = await define('stays')
  await hostView()
  await lab.killLibvirtd()
  const down = await waitUntil(
    async () => {
      const view = await hostView()
      return view.status === 'down' && view
    },
    { limitMs: 10_000, what: 'The word that the host is down' },
  )
  expect(down.vms.map((vm) => vm.name)).toContain('stays')
  await lab.startLibvirtd()
  await waitUntil(async () => (await hostView()).status === 'up', {
    limitMs: 20_000,
    what: 'The host up again',
  })
  events.length = 0
  await lab.virsh('suspend', 'stays')
  await waitUntil(() => events.some(({ event }) => event.type === 'vm' && event.vmUuid === uuid), {
    limitMs: 5_000,
    what: 'The event of the pause',
  })
  expect((await hostView()).vms.find((vm) => vm.name === 'stays')!.state).toBe('paused')
})

describe('a block job begun with virsh', () => {
  it('shows on an open page of its VM within 2 s, and its end', async () => {
    const uuid = await define('job')
    await lab.virsh('snapshot-create-as', 'job', 's1', '--disk-only')
    await qemuIo(lab, 'job', 0, 'write -P 9 0 8M')
    const close = watch(HOST, uuid)
    const jobs = () => events.filter(({ event }) => event.type === 'block-jobs' && event.vmUuid === uuid)
    events.length = 0
    await lab.virsh('blockcommit', 'job', 'vda', '--active', '--bandwidth', '1048576', '--bytes')
    const beganMs = Date.now()
    const first = await waitUntil(() => jobs()[0], {
      limitMs: 10_000,
      everyMs: 20,
      what: 'The job on the page',
    })
    expect(first.atMs - beganMs).toBeLessThan(2_000)
    expect(first.event).toMatchObject({
      jobs: [{ target: 'vda', type: 'active-commit', bandwidthBytesPerSecond: 1_048_576, jobId: null }],
    })
    await waitUntil(
      () =>
        jobs().some(
          ({ event }) =>
            event.type === 'block-jobs' &&
            (event.jobs[0]?.percent ?? 0) > 0 &&
            event.jobs[0]?.bytesPerSecond !== null,
        ),
      { limitMs: 10_000, what: 'Progress with its rate' },
    )
    await lab.virsh('blockjob', 'job', 'vda', '--bandwidth', '0')
    await waitUntil(
      async () =>
        (await hostView()).vms
          .find((vm) => vm.name === 'job')!
          .attention.some((each) => each.kind === 'job-waiting'),
      { limitMs: 10_000, what: 'The word that the job waits for its pivot' },
    )
    const { pivotBlockJob } = await import('../merges/cancel-block-job.ts')
    await pivotBlockJob({ host: HOST, vm: uuid, target: 'vda' })
    const endedMs = Date.now()
    const last = await waitUntil(
      () => jobs().find(({ event }) => event.type === 'block-jobs' && event.jobs.length === 0),
      { limitMs: 10_000, everyMs: 20, what: 'The end of the job on the page' },
    )
    expect(last.atMs - endedMs).toBeLessThan(1_000)
    expect(await acts(keyframe, uuid).files('vda')).toEqual(['job-vda.qcow2'])
    close()
  })

  it('a snapshot with virsh, which raises no event, shows on an open page', async () => {
    const uuid = await define('quiet')
    const close = watch(HOST, uuid)
    await waitUntil(
      async () => (await hostView()).vms.some((vm) => vm.uuid === uuid && vm.snapshotCount === 0),
      { limitMs: 5_000, what: 'The VM' },
    )
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    events.length = 0
    await lab.virsh('snapshot-create-as', 'quiet', 's1', '--disk-only')
    await waitUntil(() => events.some(({ event }) => event.type === 'vm' && event.vmUuid === uuid), {
      limitMs: 3_000,
      what: 'The news of the snapshot',
    })
    close()
  })
})

it('VMs that come and go while the list is read, as the helpers of copies do, do not keep the others from being read', async () => {
  const { hostByName } = await import('./registry.ts')
  const { inventory } = hostByName(HOST)!
  const path = join(lab.dir, 'brief.xml')
  writeFileSync(
    path,
    "<domain type='qemu'><name>brief</name><memory unit='MiB'>16</memory><os><type arch='x86_64'>hvm</type></os></domain>",
  )
  let over = false
  const comeAndGo = (async () => {
    for (let times = 0; times < 8; times++) {
      await lab.virsh('create', path, '--paused')
      await lab.virsh('destroy', 'brief')
    }
  })().finally(() => {
    over = true
  })
  let seen = 0
  while (!over) {
    inventory.invalidate()
    const names = (await inventory.vms()).map((vm) => vm.name)
    expect(names).toContain('stays')
    if (names.includes('brief')) seen++
  }
  await comeAndGo
  expect(seen).toBeGreaterThan(0)
})

it('a libvirtd that is busy for a moment is not called down, and holds no page up; one that stays silent is', async () => {
  const { hostByName } = await import('./registry.ts')
  await hostView()
  hostByName(HOST)!.inventory.invalidate()
  await lab.killLibvirtd('SIGSTOP')
  try {
    const startMs = Date.now()
    const view = await hostView()
    expect(Date.now() - startMs).toBeLessThan(3_000)
    expect([view.status, view.reason, view.vms.some((vm) => vm.name === 'stays')]).toEqual(['up', null, true])
    const silent = await waitUntil(
      async () => {
        const now = await hostView()
        return now.status === 'down' && now
      },
      { limitMs: 30_000, what: 'The word that it is down' },
    )
    expect([silent.reason, silent.vms.some((vm) => vm.name === 'stays')]).toEqual([
      expect.stringMatching(/answer/),
      true,
    ])
  } finally {
    await lab.killLibvirtd('SIGCONT')
  }
  await waitUntil(async () => (await hostView()).status === 'up', {
    limitMs: 30_000,
    what: 'The host up again',
  })
})

it('a VM whose QEMU hangs is shown as such and holds up no other', async () => {
  await define('healthy')
  const uuid = await define('hung')
  await hostView()
  const pid = await lab.qemuPid('hung')
  process.kill(pid, 'SIGSTOP')
  try {
    const { hostByName } = await import('./registry.ts')
    hostByName(HOST)!.changed(uuid)
    await waitUntil(
      async () =>
        (await hostView()).vms.find((vm) => vm.uuid === uuid)!.attention.some((each) => each.kind === 'hung'),
      { limitMs: 25_000, what: 'The word that it hangs' },
    )
    const startMs = Date.now()
    const view = await hostView()
    expect(Date.now() - startMs).toBeLessThan(1_600)
    expect(view.status).toBe('up')
    expect(view.vms.find((vm) => vm.name === 'healthy')!.disks[0]!.path).toMatch(/healthy-vda/)
    const healthy = acts(keyframe, await keyframe.uuid('healthy'))
    expect((await healthy.snapshot({ name: 'meanwhile', disks: ['vda'] })).error).toBeNull()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

it('a VM paused by a full disk says so, and Resume goes on once there is room', async () => {
  const { resizeTmpfs } = await import('../testing/lab/tmpfs.ts')
  const { run } = await import('../testing/lab/run-command.ts')
  const small = await lab.mountTmpfs('small', 2 * MIB)
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', `${small}/full.qcow2`, '64M'])
  lab.user.own(`${small}/full.qcow2`)
  await lab.defineGuest({
    name: 'full',
    system: 'writer',
    disks: [{ format: 'qcow2', path: `${small}/full.qcow2` }],
  })
  await lab.defineGuest({
    name: 'writer',
    system: 'writer',
    disks: [{ format: 'qcow2', virtualBytes: 64 * MIB }],
  })
  await run('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-b',
    lab.guests.writer!.disks[0]!.path,
    '-F',
    'qcow2',
    `${small}/full.qcow2`,
  ])
  lab.user.own(`${small}/full.qcow2`)
  await lab.startGuest('full')
  const uuid = await keyframe.uuid('full')
  const attention = () =>
    hostView().then((view) => view.vms.find((vm) => vm.uuid === uuid)!.attention.map((each) => each.kind))
  await waitUntil(async () => (await attention()).includes('disk-full'), {
    limitMs: 40_000,
    what: 'The word that the disk is full',
  })
  await resizeTmpfs(small, 128 * MIB)
  expect((await acts(keyframe, uuid).power('resume')).error).toBeNull()
  await waitUntil(async () => (await attention()).length === 0, {
    limitMs: 10_000,
    what: 'A VM without complaints',
  })
})
