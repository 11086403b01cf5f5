import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { open, rename, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { acts, guestFlushes, guestWrites, HOST } from '../testing/in-process.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { run } from '../testing/lab/run-command.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { startOnLab } from '../testing/on-lab.ts'
import { qemuIo } from '../testing/lab/qemu-io.ts'
import type { CheckReport, Finding, FindingKind } from './types.ts'

const MIB = 1024 * 1024
const { lab, keyframe } = await startOnLab('repairs')
let number = 0
let name: string
let vm: ReturnType<typeof acts>
let uuid: string

const path = (file: string) => join(lab.imagesDir, file)
/** As old as a file must be to count: what was made just now may be in the making. */
const age = async (file: string) => {
  const at = new Date(Date.now() - 3_600_000)
  await utimes(file, at, at)
}
async function image(
  file: string,
  backing: [string, string] | null,
  pattern: number | null = null,
): Promise<string> {
  await run('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    ...(backing ? ['-b', backing[0], '-F', backing[1]] : []),
    path(file),
    ...(backing ? [] : ['8M']),
  ])
  if (pattern !== null) await run('qemu-io', ['-c', `write -P ${pattern} 0 1M`, path(file)])
  lab.user.own(path(file))
  return path(file)
}
/** Overlays as older tools left them: no format of the backing file. */
async function forgetFormat(file: string): Promise<void> {
  const bytes = readFileSync(file).subarray(0, 4096)
  const at = bytes.readUInt32BE(4) === 3 ? bytes.readUInt32BE(100) : 72
  expect(bytes.readUInt32BE(at)).toBe(0xe2792aca)
  const nameAt = Number(bytes.readBigUInt64BE(8))
  const end = nameAt + bytes.readUInt32BE(16)
  const copy = Buffer.from(bytes)
  bytes.copy(copy, at, at + 16, end)
  copy.fill(0, end - 16, end)
  copy.writeBigUInt64BE(BigInt(nameAt - 16), 8)
  const handle = await open(file, 'r+')
  await handle.write(copy, 0, copy.length, 0)
  await handle.close()
}

async function check(): Promise<CheckReport> {
  const { checkVm } = await import('./check-vm.ts')
  return checkVm(HOST, uuid)
}
async function checkAll(): Promise<CheckReport> {
  const { checkHost } = await import('./check-host.ts')
  return checkHost(HOST)
}
const kinds = (report: CheckReport): FindingKind[] => report.findings.map((finding) => finding.kind)
const one = (report: CheckReport, kind: FindingKind): Finding => {
  const all = report.findings.filter((finding) => finding.kind === kind)
  expect(all, JSON.stringify(report, null, 1)).toHaveLength(1)
  return all[0]!
}
async function repair({ repair: offered, advice }: Finding, typed = offered?.confirm ?? '') {
  if (!offered) throw new Error(`no repair is offered: ${advice}`)
  const { startRepair } = await import('./start-repair.ts')
  return keyframe.ended(
    await startRepair(
      { host: HOST, repair: offered.id, fingerprint: offered.fingerprint, typed, nonce: crypto.randomUUID() },
      { name: 'tester' },
    ),
  )
}
const write = (pattern: number) => guestWrites(lab, name, 0, pattern)

beforeEach(async () => {
  for (const old of (await lab.virsh('list', '--all', '--name')).split('\n').filter((each) => each !== '')) {
    await lab.virsh('destroy', old).catch(() => undefined)
    await lab.virsh('undefine', old, '--snapshots-metadata', '--managed-save')
  }
  for (const file of readdirSync(lab.imagesDir)) await unlink(path(file))
  name = `c${++number}`
  await lab.defineGuest({ name, system: 'none', disks: [{ format: 'qcow2', virtualBytes: 8 * MIB }] })
  uuid = await keyframe.uuid(name)
  vm = acts(keyframe, uuid)
})
const disk = () => lab.guests[name]!.disks[0]!.path

describe('a VM with nothing wrong', () => {
  it('has no findings: running or off, with snapshots on unused branches, memory, a relative backing name, a raw disk, an ISO and a managed save', async () => {
    const base = await image(`${name}-base.qcow2`, null, 0x11)
    const relative = await image(`${name}-rel.qcow2`, [`${name}-base.qcow2`, 'qcow2'])
    await writeFile(path(`${name}.img`), Buffer.alloc(MIB))
    await writeFile(path(`${name}.iso`), Buffer.alloc(MIB))
    for (const file of [`${name}.img`, `${name}.iso`]) lab.user.own(path(file))
    for (const each of ['a', 'b'])
      await lab.defineGuest({
        name: `${name}${each}`,
        system: 'none',
        disks: [
          { format: 'qcow2', path: relative },
          { format: 'raw', path: path(`${name}.img`), target: 'vdb' },
        ],
      })
    await lab.startGuest(name)
    await lab.startGuest(`${name}a`)
    await vm.snapshot({ name: 's1', disks: ['vda'] })
    await vm.snapshot({ name: 's2', disks: ['vda'] })
    expect((await vm.revert('s1')).error).toBeNull()
    await vm.snapshot({ name: 's3', disks: ['vda'] })
    await lab.virsh(
      'snapshot-create-as',
      name,
      's4',
      '--memspec',
      `file=${path(`${name}.mem`)}`,
      '--diskspec',
      `vda,file=${path(`${name}.s4`)}`,
    )
    for (const file of [base, relative, disk(), path(`${name}.mem`)]) await age(file)
    const running = await checkAll()
    expect(running.findings, JSON.stringify(running.findings, null, 1)).toEqual([])
    expect(running.folders).toContain(lab.imagesDir)
    await lab.virsh('managedsave', name)
    expect((await checkAll()).findings).toEqual([])
  })
})

describe('N8: a file that is gone while its VM runs', () => {
  it.each(['the active one, without a snapshot', 'the active one', 'one in the middle'])(
    'is saved to a new file, and the VM starts from that: %s',
    async (which) => {
      await lab.startGuest(name)
      await write(0x11)
      if (which !== 'the active one, without a snapshot') {
        await vm.snapshot({ name: 's1', disks: ['vda'] })
        await guestWrites(lab, name, 0, 0x22, 1)
      }
      const files = (await vm.chains())[0]!.layers.map((layer) => layer.path)
      await unlink(which === 'one in the middle' ? files[0]! : files.at(-1)!)
      const finding = one(await check(), 'broken-chain')
      expect([finding.severity, finding.sentence]).toEqual([
        'danger',
        expect.stringMatching(/is gone, and only the running .* still holds it\. Do not stop/),
      ])
      const job = await repair(finding)
      expect([job.error, job.result.join(' ')]).toEqual([
        null,
        expect.stringMatching(/is saved: the VM writes to .*\.saved-.* It can be stopped and started again/),
      ])
      await guestWrites(lab, name, 0, 0x33, 2)
      await lab.virsh('destroy', name)
      await lab.startGuest(name)
      await lab.virsh('destroy', name)
      const [saved] = (await vm.chains())[0]!.layers.map((layer) => layer.path)
      const held = [0, 1, 2].map((mib) => patternAt(saved!, 'qcow2', mib))
      expect(await Promise.all(held)).toEqual([
        0x11,
        which === 'the active one, without a snapshot' ? 0 : 0x22,
        0x33,
      ])
      expect((await check()).findings.filter((each) => each.kind === 'broken-chain')).toEqual([])
    },
  )
})

describe('N4: a next start that would use another file', () => {
  it('is brought in line while the VM goes on, and nothing else of the configuration changes', async () => {
    await lab.startGuest(name)
    const before = await lab.virsh('dumpxml', '--inactive', name)
    await write(0x11)
    await vm.snapshot({ name: 's1', disks: ['vda'] })
    await write(0x22)
    const right = await lab.virsh('dumpxml', '--inactive', name)
    const older = join(lab.dir, 'older.xml')
    await writeFile(older, before)
    await lab.virsh('define', older)
    const finding = one(await check(), 'next-start-differs')
    expect([finding.severity, finding.sentence]).toEqual([
      'danger',
      expect.stringMatching(/Its next start uses .*\.qcow2 for vda, not .*\.s1/),
    ])
    const job = await repair(finding)
    expect([job.error, job.result.join(' ')]).toEqual([
      null,
      expect.stringMatching(/next start uses .*\.s1 for vda, as the VM does now/),
    ])
    const withoutStore = (xml: string) => xml.replace(/\s*<backingStore[\s\S]*?<\/backingStore>/g, '')
    expect(withoutStore(await lab.virsh('dumpxml', '--inactive', name))).toBe(withoutStore(right))
    await guestFlushes(lab, name, 1)
    await lab.virsh('destroy', name)
    await lab.startGuest(name)
    expect((await check()).findings).toEqual([])
    await lab.virsh('destroy', name)
    expect(await patternAt((await vm.chains())[0]!.layers.at(-1)!.path, 'qcow2', 0)).toBe(0x22)
  })
})

describe('files that nothing uses', () => {
  it('an overlay is found with what it was, removed after its name is typed, and nothing else changes', async () => {
    await lab.startGuest(name)
    await write(0x31)
    await vm.snapshot({ name: 's1', disks: ['vda'] })
    const orphan = await image(`${name}-vda.lost`, [disk(), 'qcow2'], 0x77)
    await age(orphan)
    const report = await check()
    const finding = one(report, 'orphan-overlay')
    expect(finding.sentence).toContain(`overlay of snapshot lost of vda of ${name}, by its name`)
    expect(finding.evidence[0]).toMatchObject({ path: orphan })
    expect(report.reclaimableBytes).toBeGreaterThanOrEqual(MIB)
    expect(finding.repair!.preview.join(' ')).toContain(`virsh vol-delete --vol ${orphan}`)
    await expect(repair(finding, 'lost')).rejects.toThrow(/nothing was done/)
    expect(existsSync(orphan)).toBe(true)
    const job = await repair(finding)
    expect(job).toMatchObject({ kind: 'repair', status: 'succeeded', vmName: name })
    expect(existsSync(orphan)).toBe(false)
    expect(kinds(await check())).toEqual([])
    expect(await patternAt(disk(), 'qcow2')).toBe(0x31)
  })

  it('is refused when the file changed, came into use, or is gone since it was shown', async () => {
    const orphan = await image(`${name}-vda.changing`, [disk(), 'qcow2'], 0x01)
    await age(orphan)
    const finding = one(await check(), 'orphan-overlay')
    await run('qemu-io', ['-c', 'write -P 2 1M 1M', orphan])
    await age(orphan)
    await expect(repair(finding)).rejects.toThrow(/has changed/)
    const again = one(await check(), 'orphan-overlay')
    await lab.defineGuest({ name: `${name}x`, system: 'none', disks: [{ format: 'qcow2', path: orphan }] })
    await expect(repair(again)).rejects.toThrow(/nothing to repair there/)
    expect(existsSync(orphan)).toBe(true)
    expect(await patternAt(orphan, 'qcow2', 1)).toBe(2)
  })

  it('one under another is removed after it', async () => {
    const lower = await image(`${name}-vda.lower`, [disk(), 'qcow2'])
    const upper = await image(`${name}-vda.upper`, [lower, 'qcow2'])
    for (const file of [lower, upper]) await age(file)
    const before = await check()
    const of = (report: CheckReport, file: string) =>
      report.findings.find((finding) => finding.evidence[0]!.path === file)!
    expect(of(before, lower)).toMatchObject({
      repair: null,
      advice: expect.stringContaining(`Remove ${name}-vda.upper first`) as string,
    })
    expect((await repair(of(before, upper))).status).toBe('succeeded')
    expect((await repair(of(await check(), lower))).status).toBe('succeeded')
    expect(existsSync(lower) || existsSync(upper)).toBe(false)
  })

  it('a memory file of virsh save says whose it is', async () => {
    await lab.startGuest(name)
    const memory = path(`${name}.memory`)
    await lab.virsh('save', name, memory)
    await age(memory)
    const finding = one(await check(), 'orphan-memory')
    expect(finding.sentence).toContain(`memory of ${name}`)
    expect(finding.repair!.danger).toContain('virsh restore')
    expect((await repair(finding)).status).toBe('succeeded')
    expect(existsSync(memory)).toBe(false)
  })

  it('a file that was made just now, a plain image and a file of no image are not listed; what is below a broken chain is not removable', async () => {
    await image(`${name}-vda.young`, [disk(), 'qcow2'])
    await age(await image(`${name}-plain.qcow2`, null, 5))
    await writeFile(path(`${name}.txt`), 'notes')
    const report = await checkAll()
    expect(report.findings).toEqual([])
    expect(report.notes.join()).toContain(`${name}-vda.young was changed less than a minute ago`)
    await age(path(`${name}-vda.young`))
    await lab.defineGuest({
      name: `${name}b`,
      system: 'none',
      disks: [
        {
          format: 'qcow2',
          path: await image(`${name}-b2.qcow2`, [await image(`${name}-b1.qcow2`, null), 'qcow2']),
        },
      ],
    })
    await rename(path(`${name}-b1.qcow2`), path('away'))
    const broken = await checkAll()
    expect(broken.findings.find((finding) => finding.kind === 'orphan-overlay')).toMatchObject({
      repair: null,
      advice: expect.stringContaining('until every file on this host can be read') as string,
    })
    expect(kinds(broken)).toContain('broken-chain')
    await unlink(path('away'))
  })

  it('a disk under another name, through a link, is no orphan', async () => {
    const real = await image(`${name}-real.qcow2`, [disk(), 'qcow2'])
    await symlink(real, path(`${name}-link.qcow2`))
    await lab.defineGuest({
      name: `${name}l`,
      system: 'none',
      disks: [{ format: 'qcow2', path: path(`${name}-link.qcow2`) }],
    })
    await age(real)
    expect(kinds(await checkAll()).filter((kind) => kind.startsWith('orphan'))).toEqual([])
  })
})

describe('snapshots', () => {
  it('one whose files are gone: its metadata goes, the VM keeps its data', async () => {
    await lab.startGuest(name)
    await write(0x41)
    await vm.snapshot({ name: 's1', disks: ['vda'] })
    await vm.snapshot({ name: 's2', disks: ['vda'] })
    await write(0x42)
    await vm.revert('s1')
    const branch = (await vm.snapshots()).find((each) => each.name === 's2')!.disks[0]!.frozenPath!
    await unlink(branch)
    const finding = one(await check(), 'snapshot-without-files')
    expect(finding.sentence).toContain('The snapshot s2')
    expect(finding.evidence.map((each) => each.path)).toContain(branch)
    expect(await repair(finding)).toMatchObject({ kind: 'delete', status: 'succeeded' })
    expect((await lab.virsh('snapshot-list', name, '--name')).trim()).toBe('s1')
    expect(await patternAt((await vm.chains())[0]!.layers.at(-1)!.path, 'qcow2')).toBe(0x41)
    expect(kinds(await check())).toEqual([])
  })

  it('a memory file that is gone counts, too', async () => {
    await lab.startGuest(name)
    await lab.virsh(
      'snapshot-create-as',
      name,
      'm',
      '--memspec',
      `file=${path(`${name}.m`)}`,
      '--diskspec',
      `vda,file=${path(`${name}.m1`)}`,
    )
    await unlink(path(`${name}.m`))
    expect(one(await check(), 'snapshot-without-files').evidence.map((each) => each.path)).toContain(
      path(`${name}.m`),
    )
  })

  it('layers that no snapshot names are told, and nothing is offered but the merge', async () => {
    await lab.startGuest(name)
    await vm.snapshot({ name: 's1', disks: ['vda'] })
    await lab.virsh('snapshot-delete', name, 's1', '--metadata')
    const finding = one(await check(), 'unnamed-layers')
    expect(finding).toMatchObject({
      severity: 'info',
      repair: null,
      actOnVmPage: 'Merge',
      advice: 'No snapshot leads to this layer. Merge it if you want the chain shorter.',
      reclaimableBytes: 0,
    })
    expect(finding.evidence.map((each) => each.path)).toEqual([disk()])
  })

  /** A VM of three snapshots, with libvirtd killed and QEMU stopped in the middle of the delete of s2. */
  async function breakOffDelete(big: string): Promise<number> {
    await lab.defineGuest({
      name: big,
      system: 'none',
      disks: [{ format: 'qcow2', virtualBytes: 512 * MIB, content: 'blank' }],
    })
    await lab.startGuest(big)
    uuid = await keyframe.uuid(big)
    vm = acts(keyframe, uuid)
    name = big
    await write(0x50)
    for (const each of ['s1', 's2', 's3']) {
      expect((await vm.snapshot({ name: each, disks: ['vda'] })).error).toBeNull()
      await write(0x50 + Number(each[1]))
      // In pieces: QEMU answers nobody while it writes one.
      for (let mib = 2; each === 's2' && mib < 502; mib += 25)
        await qemuIo(lab, name, 0, `write -P 9 ${mib}M 25M`)
    }
    const deleting = lab.virsh('snapshot-delete', name, 's2').then(
      () => 'done',
      () => 'broken off',
    )
    await waitUntil(() => statSync(path(`${name}-vda.s1`)).blocks * 512 > 150 * MIB, {
      limitMs: 60_000,
      everyMs: 2,
      what: 'Bytes of the merge',
    })
    const pid = await lab.qemuPid(name)
    process.kill(pid, 'SIGSTOP')
    await lab.killLibvirtd()
    expect(await deleting).toBe('broken off')
    return pid
  }
  /** Tells QEMU to end its merge, over its own monitor: with libvirtd dead nobody else is on it. */
  async function finalize(socketPath: string): Promise<void> {
    const socket = connect(socketPath)
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk.toString()
    })
    const ask = async (command: object, answer: RegExp) => {
      said = ''
      socket.write(`${JSON.stringify(command)}\n`)
      await waitUntil(() => answer.test(said), {
        limitMs: 20_000,
        everyMs: 20,
        what: `QEMU's answer to ${JSON.stringify(command)}`,
      })
      return said
    }
    await ask({ execute: 'qmp_capabilities' }, /return/)
    const id = await waitUntil(
      async () =>
        /"id": "([^"]+)"[^}]*"status": "pending"|"status": "pending"[^}]*"id": "([^"]+)"/
          .exec(await ask({ execute: 'query-jobs' }, /return/))
          ?.slice(1)
          .find(Boolean),
      { limitMs: 20_000, what: 'A job that is ready to end' },
    )
    await ask({ execute: 'job-finalize', arguments: { id } }, /return/)
    socket.destroy()
  }
  const backing = async (file: string) =>
    (
      JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', path(file)])) as Record<string, string>
    )['backing-filename']
  const found = () =>
    waitUntil(
      async () =>
        check().then(
          (report) => (kinds(report).includes('delete-unfinished') ? report : undefined),
          () => undefined,
        ),
      { limitMs: 60_000, everyMs: 500, what: 'The finding, once the host is back' },
    )
  async function expectWhole() {
    expect((await lab.virsh('snapshot-list', name, '--name')).trim().split('\n').sort()).toEqual(['s1', 's3'])
    expect(await lab.virsh('snapshot-dumpxml', name, 's1')).not.toContain('snapshotDeleteInProgress')
    await lab.virsh('destroy', name)
    const active = (await vm.chains())[0]!.layers.at(-1)!.path
    expect([await patternAt(active, 'qcow2'), await patternAt(active, 'qcow2', 300)]).toEqual([0x53, 9])
    for (const [snapshot, patterns] of [
      ['s3', [0x52, 9]],
      ['s1', [0x50, 0]],
    ] as const) {
      expect((await vm.revert(snapshot, { stateAfter: 'off' })).error).toBeNull()
      const layer = (await vm.chains())[0]!.layers.at(-1)!.path
      expect([await patternAt(layer, 'qcow2'), await patternAt(layer, 'qcow2', 300)]).toEqual(patterns)
    }
  }

  it('libvirtd killed in a delete whose merge ends without it: the same delete is done again, and all data is whole', async () => {
    const pid = await breakOffDelete(`${name}k`)
    process.kill(pid, 'SIGCONT')
    await waitUntil(() => statSync(path(`${name}-vda.s1`)).blocks * 512 > 500 * MIB, {
      limitMs: 60_000,
      what: 'The end of the copying',
    })
    await lab.startLibvirtd()
    const finding = one(await found(), 'delete-unfinished')
    expect(finding).toMatchObject({ severity: 'danger', repair: { label: 'Delete s2 again', confirm: null } })
    await expect(vm.revert('s1')).rejects.toThrow(/broken off/)
    expect(await repair(finding)).toMatchObject({ kind: 'delete', status: 'succeeded', error: null })
    expect(kinds(await check())).toEqual([])
    await expectWhole()
  })

  it('libvirtd killed in a delete just as QEMU ends its merge: libvirt’s entries are put in order, and all data is whole', async () => {
    const pid = await breakOffDelete(`${name}m`)
    process.kill(pid, 'SIGCONT')
    await waitUntil(() => statSync(path(`${name}-vda.s1`)).blocks * 512 > 500 * MIB, {
      limitMs: 60_000,
      what: 'The end of the copying',
    })
    // The last that libvirtd says before it dies; it saves the new chain only when QEMU has answered.
    await finalize(
      readdirSync(lab.dir, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('monitor.sock') && file.includes(name))
        .map((file) => join(lab.dir, file))[0]!,
    )
    await waitUntil(async () => (await backing(`${name}-vda.s3`)) === path(`${name}-vda.s1`), {
      limitMs: 30_000,
      everyMs: 200,
      what: 'A chain without the layer that was merged',
    })
    await lab.startLibvirtd()
    const finding = one(await found(), 'delete-unfinished')
    expect(finding).toMatchObject({
      severity: 'danger',
      repair: { label: 'Finish the delete of s2', confirm: null },
    })
    expect(await repair(finding)).toMatchObject({ kind: 'repair', status: 'succeeded', error: null })
    expect(kinds(await check())).toEqual(['chain-differs'])
    await expectWhole()
    await age(path(`${name}-vda.s2`))
    const left = await check()
    expect(left.findings.flatMap((each) => each.evidence[0]!.path)).toContain(path(`${name}-vda.s2`))
  })

  it('a merge that was cancelled half way is told with what it cost', async () => {
    await lab.startGuest(name)
    await vm.snapshot({ name: 's1', disks: ['vda'] })
    await qemuIo(lab, name, 0, 'write -P 9 0 6M')
    const { jobId } = await vm.startMerge(
      [
        {
          target: 'vda',
          direction: 'commit',
          topPath: (await vm.chains())[0]!.layers.at(-1)!.path,
          basePath: disk(),
        },
      ],
      100_000,
    )
    const { readJob } = await import('../jobs/read-jobs.ts')
    await waitUntil(async () => (await readJob(jobId))!.canCancel, {
      limitMs: 20_000,
      what: 'A merge that can be cancelled',
    })
    const { cancelJob } = await import('../jobs/cancel-job.ts')
    await cancelJob(jobId)
    expect((await keyframe.ended({ jobId })).status).toBe('cancelled')
    expect(one(await check(), 'merge-unfinished')).toMatchObject({
      severity: 'danger',
      actOnVmPage: 'Merge',
      sentence: expect.stringContaining('was begun and not finished') as string,
    })
  })
})

describe('the format of a backing file', () => {
  it.each([
    ['raw', 'img'],
    ['qcow2', 'qcow2'],
  ] as const)('that is not recorded (%s) is, with the data as it was', async (format, suffix) => {
    const base = path(`${name}-f.${suffix}`)
    if (format === 'qcow2') await image(`${name}-f.qcow2`, null, 0x61)
    else {
      await writeFile(base, Buffer.alloc(8 * MIB, 0x61))
      lab.user.own(base)
    }
    const top = await image(`${name}-f-top.qcow2`, [base, format])
    await run('qemu-io', ['-c', 'write -P 98 1M 1M', top])
    await forgetFormat(top)
    await lab.defineGuest({ name: `${name}f`, system: 'none', disks: [{ format: 'qcow2', path: top }] })
    uuid = await keyframe.uuid(`${name}f`)
    const finding = one(await check(), 'format-missing')
    expect(finding.repair).toMatchObject({
      label: `Record ${format}`,
      confirm: format === 'raw' ? null : `${name}-f-top.qcow2`,
    })
    const before = readFileSync(top)
    expect(await repair(finding)).toMatchObject({ kind: 'repair', status: 'succeeded', error: null })
    const info = JSON.parse(await run('qemu-img', ['info', '--output=json', top])) as Record<string, unknown>
    expect(info).toMatchObject({ 'backing-filename': base, 'backing-filename-format': format })
    expect(await run('qemu-img', ['check', top])).toContain('No errors')
    expect([await patternAt(top, 'qcow2', 0), await patternAt(top, 'qcow2', 1)]).toEqual([0x61, 98])
    const after = readFileSync(top)
    expect(after.length).toBe(before.length)
    expect(after.subarray(4096).equals(before.subarray(4096))).toBe(true)
    expect(kinds(await check()).filter((kind) => kind.startsWith('format'))).toEqual([])
    await lab.virsh('start', `${name}f`)
  })

  it('that is wrong is mended after the file’s name is typed', async () => {
    await writeFile(path(`${name}-w.img`), Buffer.alloc(8 * MIB, 0x71))
    const top = await image(`${name}-w-top.qcow2`, [path(`${name}-w.img`), 'raw'])
    await run('qemu-img', ['rebase', '-u', '-b', path(`${name}-w.img`), '-F', 'qcow2', top])
    for (const file of [`${name}-w.img`, `${name}-w-top.qcow2`]) lab.user.own(path(file))
    await lab.defineGuest({ name: `${name}w`, system: 'none', disks: [{ format: 'qcow2', path: top }] })
    uuid = await keyframe.uuid(`${name}w`)
    const finding = one(await check(), 'format-wrong')
    expect(finding.repair).toMatchObject({ label: 'Record raw', confirm: `${name}-w-top.qcow2` })
    await expect(repair(finding, '')).rejects.toThrow(/nothing was done/)
    expect((await repair(finding)).error).toBeNull()
    expect(await patternAt(top, 'qcow2')).toBe(0x71)
    expect(await run('qemu-img', ['check', top])).toContain('No errors')
  })

  it('of a VM that runs is not touched, and one that was started since it was shown neither', async () => {
    const base = await image(`${name}-o.qcow2`, null)
    const top = await image(`${name}-o-top.qcow2`, [base, 'qcow2'])
    await lab.defineGuest({ name: `${name}o`, system: 'none', disks: [{ format: 'qcow2', path: top }] })
    uuid = await keyframe.uuid(`${name}o`)
    await forgetFormat(top)
    const shown = one(await check(), 'format-missing')
    await run('qemu-img', ['rebase', '-u', '-b', base, '-F', 'qcow2', top])
    await lab.virsh('start', `${name}o`)
    await forgetFormat(top)
    const bytes = readFileSync(top)
    expect(one(await check(), 'format-missing')).toMatchObject({
      repair: null,
      advice: expect.stringContaining(`${name}o has it open`) as string,
      commands: [`qemu-img rebase -u -b ${base} -F qcow2 ${top}`],
    })
    await expect(repair(shown)).rejects.toThrow(/nothing was done/)
    expect(readFileSync(top).equals(bytes)).toBe(true)
  })

  it('of a raw disk whose guest wrote a qcow2 header is as it should be', async () => {
    await image(`${name}-evil.img`, null)
    await lab.defineGuest({
      name: `${name}e`,
      system: 'none',
      disks: [
        { format: 'qcow2', path: await image(`${name}-e-top.qcow2`, [path(`${name}-evil.img`), 'raw']) },
      ],
    })
    expect(kinds(await checkAll()).filter((kind) => kind.startsWith('format'))).toEqual([])
  })
})

describe('running VMs', () => {
  it('a header that was changed under one differs from what QEMU has open', async () => {
    const [one1, two] = [await image(`${name}-d1.qcow2`, null, 1), await image(`${name}-d2.qcow2`, null, 2)]
    const top = await image(`${name}-d-top.qcow2`, [one1, 'qcow2'])
    await lab.defineGuest({ name: `${name}d`, system: 'none', disks: [{ format: 'qcow2', path: top }] })
    uuid = await keyframe.uuid(`${name}d`)
    await lab.virsh('start', `${name}d`)
    expect(kinds(await check())).toEqual(['unnamed-layers'])
    const handle = await open(top, 'r+')
    const { buffer } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    const at = buffer.indexOf(`${name}-d1.qcow2`)
    await handle.write(`${name}-d2.qcow2`, at)
    await handle.close()
    const finding = one(await check(), 'chain-differs')
    expect(finding).toMatchObject({
      repair: null,
      commands: [`qemu-img rebase -u -b ${one1} -F qcow2 ${top}`],
    })
    expect(finding.evidence.map((each) => each.path)).toEqual([top, one1, top, two])
  })

  it('a job that waits for its pivot', async () => {
    await lab.startGuest(name)
    await vm.snapshot({ name: 's1', disks: ['vda'] })
    await lab.virsh('blockcommit', name, 'vda', '--active', '--wait', '--keep-overlay')
    await lab.virsh('blockjob', name, 'vda', '--abort').catch(() => undefined)
    await lab.virsh(
      'blockcopy',
      name,
      'vda',
      path(`${name}-copy.qcow2`),
      '--wait',
      '--transient-job',
      '--shallow',
      '--format',
      'qcow2',
    )
    await age(path(`${name}-copy.qcow2`))
    const report = await check()
    expect(one(report, 'job-waiting')).toMatchObject({ actOnVmPage: 'Pivot or Cancel job' })
    expect(kinds(report).filter((kind) => kind.startsWith('orphan'))).toEqual([])
    await lab.virsh('blockjob', name, 'vda', '--abort')
  })
})

it('a VM whose QEMU hangs: nothing is called unused meanwhile', async () => {
  await lab.startGuest(name)
  const orphan = await image(`${name}-vda.lost`, [disk(), 'qcow2'])
  await age(orphan)
  const shown = one(await check(), 'orphan-overlay')
  const pid = await lab.qemuPid(name)
  process.kill(pid, 'SIGSTOP')
  try {
    const word = await checkAll().then(
      (report) =>
        report.findings.every((finding) => finding.kind !== 'orphan-overlay' || finding.repair === null) &&
        report.notes.length > 0,
      (error: Error) => error.name,
    )
    expect([true, 'HostDown']).toContain(word)
    await expect(repair(shown)).rejects.toThrow()
    expect(existsSync(orphan)).toBe(true)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await waitUntil(async () => (await check().catch(() => null))?.notes.length === 0, {
    limitMs: 60_000,
    everyMs: 1_000,
    what: 'The VM answers again',
  })
  expect((await repair(shown)).status).toBe('succeeded')
  expect([existsSync(orphan), existsSync(disk())]).toEqual([false, true])
})

it('a frozen guest is found', async () => {
  const frozen = `${name}z`
  await lab.defineGuest({ name: frozen, disks: [{ format: 'qcow2' }] })
  await lab.startGuest(frozen)
  uuid = await keyframe.uuid(frozen)
  await lab.virsh('domfsfreeze', frozen)
  expect(one(await check(), 'frozen')).toMatchObject({ severity: 'danger', actOnVmPage: 'Thaw' })
  await lab.virsh('domfsthaw', frozen)
})

describe('a chain that is too deep to be started', () => {
  it('is said where the VM is started; shortened by a helper VM it starts, and every byte and restore point is there', async () => {
    let below = disk()
    for (let n = 1; n < 30; n++) {
      below = await image(`${name}-deep${n}`, [below, 'qcow2'])
      await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${n} ${n % 8}M 64k`, below])
    }
    await run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', below, path(`${name}-as-it-was`)])
    const xml = (await lab.virsh('dumpxml', name, '--inactive')).replace(
      `<source file='${disk()}'/>`,
      `<source file='${below}'/>`,
    )
    await writeFile(path('deep.xml'), xml)
    await lab.virsh('define', path('deep.xml'))
    await expect(
      vm.power('start').then((job) => {
        throw new Error(job.error ?? 'it was started')
      }),
    ).rejects.toThrow(/more than the 25 layers that libvirt can start.*Check & repair/)
    const finding = one(await check(), 'deep-chain')
    expect(finding).toMatchObject({
      severity: 'danger',
      sentence: expect.stringMatching(/has 30 layers.*can’t be started as it is/),
    })
    expect((await repair(finding)).error).toBeNull()
    expect(kinds(await check())).not.toContain('deep-chain')
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', path(`${name}-as-it-was`), below])
    for (let n = 1; n < 30; n++) expect(existsSync(path(`${name}-deep${n}`))).toBe(true)
    expect((await vm.power('start')).error).toBeNull()
    expect(await lab.virsh('list', '--all', '--name')).not.toContain('keyframe-flatten')
  })
})
