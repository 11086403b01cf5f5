import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../testing/backup-acts.ts'
import { acts, guestWrites, HOST } from '../testing/in-process.ts'
import { run } from '../testing/lab/run-command.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { disk, startBareGuest, startOnLab } from '../testing/on-lab.ts'
import { findVm } from './find-vm.ts'
import { hostByName } from './registry.ts'

/** Another host of the same Keyframe, which has the first one's images under a folder of another name. */
const two = await startTestLab('uuid-two')
afterAll(() => two.stop({ remove: true }))
const { lab, keyframe } = await startOnLab('uuid', { others: { two: two.uri } })
symlinkSync(lab.imagesDir, join(two.dir, 'mounted'))

const stateOn = async (on: typeof lab, name: string) => (await on.virsh('domstate', name)).trim()
/** The VM as the first host has it, defined on the second as well: on the same file under its name there, or on another. */
async function standBy(name: string, uuid: string, path = join(two.dir, 'mounted', `${name}-vda.qcow2`)) {
  await two.defineGuest({ name, uuid, system: 'none', disks: [{ format: 'qcow2', path }] })
  hostByName('two')!.changed(uuid)
}
const bothOf = (uuid: string) => [acts(keyframe, uuid), acts(keyframe, uuid, 'two')] as const

it('N25: each host shows its own: rows, chains, snapshots, jobs, audit, protection, links, backups', async () => {
  const uuid = await startBareGuest({ lab, keyframe }, 'web', [disk('qcow2', 8)])
  await standBy('web', uuid)
  const [one, other] = bothOf(uuid)
  await guestWrites(lab, 'web', 0, 0x11)
  expect((await one.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
  await two.virsh('undefine', 'web')
  await standBy('web', uuid, join(two.dir, 'mounted', 'web-vda.s1'))

  const rows = await Promise.all([HOST, 'two'].map((host) => findVm(host, uuid)))
  expect(rows.map((row) => [row!.host.name, row!.vm.state, row!.vm.snapshotCount])).toEqual([
    [HOST, 'running', 1],
    ['two', 'shut off', 0],
  ])
  expect(await one.files('vda')).toEqual(['web-vda.qcow2', 'web-vda.s1'])
  expect(await other.files('vda')).toEqual(['web-vda.qcow2', 'web-vda.s1'])
  const folders = async (vm: typeof one) => (await vm.chains())[0]!.layers.at(-1)!.path
  expect(await folders(one)).toBe(join(lab.imagesDir, 'web-vda.s1'))
  expect(await folders(other)).toBe(join(two.dir, 'mounted', 'web-vda.s1'))
  expect((await one.snapshots()).map((node) => node.name)).toEqual(['s1'])
  expect(await other.snapshots()).toEqual([])
  // The second host knows no snapshot of the overlay that its disk is on, and says who else has it open.
  expect((await other.chains())[0]!.layers.at(-1)!.sharedWith).toContainEqual(
    expect.objectContaining({ host: HOST, vmName: 'web' }),
  )

  const { readJobs } = await import('../jobs/read-jobs.ts')
  const jobsOf = (host: string) => readJobs({ host, vmUuid: uuid, limit: 9 })
  expect((await jobsOf(HOST)).map((job) => job.title)).toEqual(['Take snapshot s1'])
  expect(await jobsOf('two')).toEqual([])

  const { auditAsked } = await import('../access/audit.ts')
  const { readAuditOf } = await import('../access/read-audit.ts')
  const subject = () => Promise.resolve({ host: 'two', vm_uuid: uuid, vm_name: 'web', snapshot: null })
  const asked = { user: { id: null, name: '(server)' }, act: 'vm.power', input: {}, address: null } as const
  await auditAsked({ ...asked, subject } as unknown as Parameters<typeof auditAsked>[0])
  expect(await readAuditOf({ host: HOST, vmUuid: uuid }, 9)).toEqual([])
  expect(await readAuditOf({ host: 'two', vmUuid: uuid }, 9)).toHaveLength(1)

  // Links.
  const { readShared } = await import('../shares/read-shared.ts')
  const link = (host: string) =>
    ({
      kind: 'vm',
      host,
      vmUuid: uuid,
      jobId: null,
      snapshot: null,
      showPaths: false,
    }) as unknown as Parameters<typeof readShared>[0]
  expect(await readShared(link(HOST))).toMatchObject({ state: 'running', snapshots: [{ name: 's1' }] })
  expect(await readShared(link('two'))).toMatchObject({ state: 'shut off', snapshots: [] })

  // Backups: increments of one are none of the other, which begins with a full.
  const targetOne = await makeTarget(lab, 'backups')
  const targetTwo = await makeTarget(two, 'backups', { host: 'two' })
  const ofOne = backupActs(keyframe, uuid, targetOne)
  const ofTwo = backupActs(keyframe, uuid, targetTwo, 'two')
  expect((await ofOne.made()).kind).toBe('full')
  expect((await ofOne.made()).kind).toBe('increment')
  const { protectionOf } = await import('../schedules/protection.ts')
  const states = await Promise.all([HOST, 'two'].map(async (host) => (await protectionOf(host, uuid))!))
  expect(states.map((each) => [each.host, each.reasons[0]?.kind])).toEqual([
    [HOST, 'unchecked'],
    ['two', 'no-backup'],
  ])
  // A copy of what the VM writes to on another host would be torn: QEMU's lock keeps it from being made.
  expect((await ofTwo.backUp()).error).toMatch(/lock/)

  // The VM moves, with the file that it is on.
  expect((await one.power('force-off')).error).toBeNull()
  expect((await other.power('start')).error).toBeNull()
  const moved = await ofTwo.backUp()
  expect([moved.error, moved.result.join(' ')]).toEqual([
    null,
    expect.stringMatching(/^Full backup .*It is the first backup of this VM in this target/),
  ])
  expect(await stateOn(two, 'web')).toBe('running')
  expect(await stateOn(lab, 'web')).toBe('shut off')
  await two.virsh('destroy', 'web')
})

it('N25: a second copy is not started while it runs elsewhere: refused on the same files, asked about on others', async () => {
  const uuid = await startBareGuest({ lab, keyframe }, 'twin', [disk('qcow2', 8)])
  await standBy('twin', uuid)
  const [, other] = bothOf(uuid)
  const same =
    'twin can’t be started: the same VM runs on lab and uses twin-vda.qcow2 (vda). Stop it there first'
  await expect(other.power('start')).rejects.toThrow(same)
  await expect(other.power('start', 'whatever')).rejects.toThrow(same)
  // Also while the first one runs on an overlay above that file.
  expect((await acts(keyframe, uuid).snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
  await expect(other.power('start')).rejects.toThrow(same)
  expect(await stateOn(two, 'twin')).toBe('shut off')

  // A copy: nobody can say that it is one, so a person must.
  const copy = join(two.imagesDir, 'twin-copy.qcow2')
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', copy, '8M'])
  two.user.own(copy)
  await two.virsh('undefine', 'twin')
  await standBy('twin', uuid, copy)
  const asked = await other.power('start').catch((error: unknown) => error as { fields: { confirm: string } })
  const { confirm } = (asked as { fields: { confirm: string } }).fields
  expect(confirm).toMatch(/^The same VM runs on lab\. .*Stop twin on lab first\.$/)
  expect((await other.power('start', confirm)).error).toBeNull()
  await two.virsh('destroy', 'twin')
})

it('N25: a host that does not answer keeps no standby from its start, but is asked about', async () => {
  await two.defineGuest({ name: 'away', system: 'none', disks: [disk('qcow2', 8)] })
  await two.startGuest('away')
  const uuid = (await two.virsh('domuuid', 'away')).trim()
  symlinkSync(two.imagesDir, join(lab.dir, 'of-two'))
  await lab.defineGuest({
    name: 'away',
    uuid,
    system: 'none',
    disks: [{ format: 'qcow2', path: join(lab.dir, 'of-two', 'away-vda.qcow2') }],
  })
  await keyframe.uuid('away')
  const vm = acts(keyframe, uuid)
  await expect(vm.power('start')).rejects.toThrow(/^away can’t be started: the same VM runs on two/)
  await two.killLibvirtd()
  await waitUntil(() => hostByName('two')!.connection.status.status !== 'up', {
    limitMs: 10_000,
    what: 'The host that is down',
  })
  const asked = await vm.power('start').catch((error: unknown) => error as { fields: { confirm: string } })
  const { confirm } = (asked as { fields: { confirm: string } }).fields
  expect(confirm).toMatch(
    /^two does not answer, and the same VM ran there when it last did\..*is off there\.$/,
  )
  // Its QEMU lives on: the lock holds, and the failure says so.
  expect((await vm.power('start', confirm)).error).toMatch(/Failed to get "write" lock/)
})
