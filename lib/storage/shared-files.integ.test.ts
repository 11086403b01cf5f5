import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmod, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { patternAt } from '../testing/image-bytes.ts'
import { acts, guestWrites, HOST } from '../testing/in-process.ts'
import type { DiskSpec } from '../testing/lab/domain-xml.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { run } from '../testing/lab/run-command.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'
import { disk, startBareGuest, startOnLab } from '../testing/on-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'

/** Another host of the same Keyframe: it sees the first one's images under a folder of another name, and has one of its own. */
const two = await startTestLab('shared-two')
afterAll(() => two.stop({ remove: true }))
const { lab, keyframe } = await startOnLab('shared', { others: { two: two.uri } })
symlinkSync(lab.imagesDir, join(two.dir, 'mounted'))
await lab.virsh('pool-define-as', 'imgs', 'dir', '--target', lab.imagesDir)
await lab.virsh('pool-start', 'imgs')

let number = 0
let n: string
const path = (file: string, folder = lab.imagesDir) => join(folder, file)
const overlay = async (file: string, base: string, folder = lab.imagesDir) => {
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, path(file, folder)])
  lab.user.own(path(file, folder))
}
const golden = async (folder = lab.imagesDir) => {
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', path(`${n}-golden.qcow2`, folder), '16M'])
  await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x11 0 8M', path(`${n}-golden.qcow2`, folder)])
  lab.user.own(path(`${n}-golden.qcow2`, folder))
}
/** A VM on its own overlay of the golden image, on either host. */
const define = async (name: string, disk: Partial<DiskSpec> = {}, on: Lab = lab) => {
  await on.defineGuest({
    name: `${n}${name}`,
    system: 'none',
    disks: [{ format: 'qcow2', path: path(`${n}${name}.qcow2`), ...disk }],
  })
}
const goldenHolds = (file = `${n}-golden.qcow2`, folder = lab.imagesDir) =>
  patternAt(path(file, folder), 'qcow2', 0)
const options = async (vm: ReturnType<typeof acts>) => {
  const [commit, pull] = await vm.plan({ target: 'vda' })
  return { commit: commit!, pull: pull! }
}

beforeEach(async () => {
  n = `s${++number}`
  await golden()
  await overlay(`${n}a.qcow2`, path(`${n}-golden.qcow2`))
  await define('a')
  await lab.startGuest(`${n}a`)
})

describe('N1: a template under a VM whose disk is named by pool and volume', () => {
  beforeEach(async () => {
    await overlay(`${n}b.qcow2`, path(`${n}-golden.qcow2`))
    await lab.virsh('pool-refresh', 'imgs')
    await define('b', { path: undefined, volume: { pool: 'imgs', name: `${n}b.qcow2` } })
  })

  it.each(['off', 'running', 'off, its pool inactive', 'on a third overlay'])(
    'is seen, kept and not written to: %s',
    async (state) => {
      if (state === 'running') await lab.startGuest(`${n}b`)
      if (state.endsWith('inactive')) await lab.virsh('pool-destroy', 'imgs')
      if (state.startsWith('on')) {
        await overlay(`${n}c.qcow2`, path(`${n}b.qcow2`))
        await lab.virsh('pool-refresh', 'imgs')
        await lab.virsh('undefine', `${n}b`)
        await define('b', { path: undefined, volume: { pool: 'imgs', name: `${n}c.qcow2` } })
      }
      const b = acts(keyframe, await keyframe.uuid(`${n}b`))
      const a = acts(keyframe, await keyframe.uuid(`${n}a`))
      expect(await b.files('vda')).toContain(`${n}-golden.qcow2`)
      const [chain] = await a.chains()
      expect(chain!.layers[0]!.sharedWith.map((user) => [user.vmName, user.need])).toEqual([[`${n}b`, 'vda']])
      const { commit, pull } = await options(a)
      expect(commit.refusal).toContain(`needed by vda of the VM ${n}b`)
      expect(pull.removedFiles).toEqual([])
      const job = await a.merge([pull], 0, { removeTemplates: true })
      expect(job.error).toBeNull()
      expect(job.result.join(' ')).toContain(`${n}-golden.qcow2 stays: vda of the VM ${n}b needs it.`)
      expect(await goldenHolds(`${n}b.qcow2`)).toBe(0x11)
      if (state !== 'running') await lab.startGuest(`${n}b`)
    },
  )
})

describe('N10: one folder of two hosts, each with its own path to it', () => {
  const b = { path: '' }
  beforeEach(async () => {
    await overlay(`${n}b.qcow2`, `${n}-golden.qcow2`)
    b.path = join(two.dir, 'mounted', `${n}b.qcow2`)
  })

  it.each(['off', 'running'])('a VM of the other host keeps its base: %s', async (state) => {
    await define('b', b, two)
    if (state === 'running') await two.startGuest(`${n}b`)
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    const { commit, pull } = await options(a)
    expect(commit.refusal).toContain(`needed by vda of the VM ${n}b on two`)
    const job = await a.merge([pull], 0, { removeTemplates: true })
    expect(job.result.join(' ')).toContain(`stays: vda of the VM ${n}b on two needs it.`)
    expect(await goldenHolds(`${n}b.qcow2`)).toBe(0x11)
    expect((await run('ls', [lab.imagesDir])).includes('keyframe-probe')).toBe(false)
  })

  it('a standby of the VM is warned of where it opens a layer that goes, and may be merged under', async () => {
    await rm(path(`${n}b.qcow2`))
    const uuid = await keyframe.uuid(`${n}a`)
    const a = acts(keyframe, uuid)
    expect((await a.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    const disks = [{ format: 'qcow2' as const, path: join(two.dir, 'mounted', `${n}a.s1`) }]
    await two.defineGuest({ name: `${n}a`, uuid, system: 'none', disks })
    const { commit } = await options(a)
    expect(commit.refusal).toBeNull()
    expect(
      commit.plan.checks.filter((check) => check.verdict === 'warn').map((each) => each.sentence),
    ).toContainEqual(expect.stringMatching(new RegExp(`is defined on two as well and opens ${n}a.s1 there`)))
    await two.virsh('undefine', `${n}a`)
  })

  it('a VM of the other host keeps its base also where that stands under another name there', async () => {
    symlinkSync(`${n}-golden.qcow2`, path(`${n}-latest.qcow2`))
    await overlay(`${n}b.qcow2`, `${n}-latest.qcow2`)
    await define('b', b, two)
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    const { commit, pull } = await options(a)
    expect(commit.refusal).toContain(`needed by vda of the VM ${n}b on two`)
    const job = await a.merge([pull], 0, { removeTemplates: true })
    expect(job.result.join(' ')).toContain(`stays: vda of the VM ${n}b on two needs it.`)
    expect(await goldenHolds(`${n}b.qcow2`)).toBe(0x11)
  })

  it('equal names in folders that are not one are not taken for shared', async () => {
    await rm(path(`${n}b.qcow2`))
    await golden(two.imagesDir)
    await overlay(`${n}b.qcow2`, path(`${n}-golden.qcow2`, two.imagesDir), two.imagesDir)
    await define('b', { path: path(`${n}b.qcow2`, two.imagesDir) }, two)
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    const { commit } = await options(a)
    expect(commit.refusal).toBeNull()
    expect(commit.insist).toBe(`${n}-golden.qcow2`)
  })
})

describe('N7: a template with one clone', () => {
  it('stays after a pull unless its removal is asked for, and is written to only by name', async () => {
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    const { commit, pull } = await options(a)
    expect(pull.keptFiles).toEqual([{ path: path(`${n}-golden.qcow2`), reason: 'it is a template' }])
    await expect(a.merge([commit])).rejects.toThrow(/a template.*type its name/)
    await expect(a.merge([commit], 0, { insist: 'golden' })).rejects.toThrow(/type its name/)
    expect((await a.merge([pull])).error).toBeNull()
    expect(await goldenHolds()).toBe(0x11)
  })

  it('goes where that is asked for', async () => {
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    const { pull } = await options(a)
    expect((await a.merge([pull], 0, { removeTemplates: true })).result.join(' ')).toContain('Removed: ')
    expect(existsSync(path(`${n}-golden.qcow2`))).toBe(false)
    expect(await goldenHolds(`${n}a.qcow2`)).toBe(0x11)
  })

  it('is one too when nobody may write to it, whoever once did', async () => {
    await lab.defineGuest({
      name: `${n}own`,
      system: 'none',
      disks: [{ format: 'qcow2', virtualBytes: 16 << 20 }],
    })
    await lab.startGuest(`${n}own`)
    const own = acts(keyframe, await keyframe.uuid(`${n}own`))
    expect((await own.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    expect((await options(own)).commit.insist).toBeNull()
    await chmod(path(`${n}own-vda.qcow2`), 0o444)
    expect((await options(own)).pull.keptFiles).toEqual([])
    await lab.virsh('snapshot-delete', `${n}own`, 's1', '--metadata')
    expect((await options(own)).pull.keptFiles).toEqual([
      { path: path(`${n}own-vda.qcow2`), reason: 'it is a template' },
    ])
  })

  it('the VM’s own files go as before, its snapshots deleted or not', async () => {
    await lab.defineGuest({
      name: `${n}own`,
      system: 'none',
      disks: [{ format: 'raw', virtualBytes: 16 << 20 }],
    })
    await lab.startGuest(`${n}own`)
    const own = acts(keyframe, await keyframe.uuid(`${n}own`))
    for (const name of ['s1', 's2']) expect((await own.snapshot({ name, disks: ['vda'] })).error).toBeNull()
    for (const name of ['s2', 's1']) await lab.virsh('snapshot-delete', `${n}own`, name, '--metadata')
    const { commit, pull } = await options(own)
    expect([commit.insist, commit.refusal]).toEqual([null, null])
    expect(pull.keptFiles).toEqual([])
    expect((await own.merge([commit])).error).toBeNull()
    expect(await own.files('vda')).toEqual([`${n}own-vda.img`])
  })
})

describe('what makes a template', () => {
  it('is that a VM was only off on it', async () => {
    await define('d', { path: path(`${n}-golden.qcow2`) })
    const uuid = await keyframe.uuid(`${n}d`)
    const d = acts(keyframe, uuid)
    await d.chains()
    const { recordActiveLayers } = await import('./own-layers.ts')
    const { requireVm } = await import('../hosts/find-vm.ts')
    await recordActiveLayers(HOST, (await requireVm(HOST, uuid)).vm)
    await lab.virsh('undefine', `${n}d`)
    await overlay(`${n}d.qcow2`, path(`${n}-golden.qcow2`))
    await lab.defineGuest({
      name: `${n}d`,
      uuid,
      system: 'none',
      disks: [{ format: 'qcow2', path: path(`${n}d.qcow2`) }],
    })
    await lab.virsh('destroy', `${n}a`)
    await lab.virsh('undefine', `${n}a`)
    await lab.startGuest(`${n}d`)
    expect((await options(d)).commit.insist).toBe(`${n}-golden.qcow2`)
  })

  it('is that another VM once stood on it, also when that VM is gone', async () => {
    await lab.defineGuest({
      name: `${n}own`,
      system: 'none',
      disks: [{ format: 'qcow2', virtualBytes: 16 << 20 }],
    })
    await lab.startGuest(`${n}own`)
    const own = acts(keyframe, await keyframe.uuid(`${n}own`))
    expect((await own.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    expect((await options(own)).commit.insist).toBeNull()
    await overlay(`${n}b.qcow2`, path(`${n}own-vda.qcow2`))
    await define('b')
    await keyframe.uuid(`${n}b`)
    expect((await options(own)).commit.refusal).toContain(`needed by vda of the VM ${n}b`)
    await lab.virsh('undefine', `${n}b`)
    await rm(path(`${n}b.qcow2`))
    await lab.virsh('snapshot-delete', `${n}own`, 's1', '--metadata')
    const { commit, pull } = await options(own)
    expect([commit.refusal, commit.insist]).toEqual([null, `${n}own-vda.qcow2`])
    expect(pull.keptFiles).toEqual([{ path: path(`${n}own-vda.qcow2`), reason: 'it is a template' }])
    const { store } = await import('../store/store.ts')
    const known = () =>
      store()
        .selectFrom('backing_files')
        .select('path')
        .where('path', '=', path(`${n}own-vda.qcow2`))
        .execute()
    expect(await known()).not.toEqual([])
    expect((await own.merge([pull], 0, { removeTemplates: true })).error).toBeNull()
    expect([existsSync(path(`${n}own-vda.qcow2`)), await known()]).toEqual([false, []])
  })
})

describe('N12: snapshots inside a file', () => {
  it('keep their file in a pull and refuse a commit of it, by name', async () => {
    await lab.defineGuest({
      name: `${n}i`,
      system: 'none',
      disks: [{ format: 'qcow2', virtualBytes: 16 << 20 }],
    })
    const image = path(`${n}i-vda.qcow2`)
    const vm = acts(keyframe, await keyframe.uuid(`${n}i`))
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x11 0 1M', image])
    await run('qemu-img', ['snapshot', '-c', 'before-upgrade', image])
    await lab.startGuest(`${n}i`)
    expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    await lab.virsh('snapshot-delete', `${n}i`, 's1', '--metadata')
    const [chain] = await vm.chains()
    expect(chain!.layers[0]!.internalSnapshots).toEqual(['before-upgrade'])
    const { pull } = await options(vm)
    expect(pull.keptFiles).toEqual([{ path: image, reason: 'it holds the internal snapshot before-upgrade' }])
    expect((await vm.merge([pull], 0, { removeTemplates: true })).error).toBeNull()
    expect(await run('qemu-img', ['snapshot', '-l', image])).toContain('before-upgrade')
  })

  it('of a layer above the base refuse the commit that would take it away', async () => {
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    expect((await a.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    await lab.virsh('destroy', `${n}a`)
    await run('qemu-img', ['snapshot', '-c', 'i1', path(`${n}a.s1`)])
    await lab.startGuest(`${n}a`)
    const { commit } = await options(a)
    expect(commit.refusal).toMatch(/holds the internal snapshot i1, which a commit would destroy/)
  })
})

describe('a host that is down', () => {
  it('is heard as it last was: its VMs keep what they used, and nothing else waits for it', async () => {
    await overlay(`${n}b.qcow2`, `${n}-golden.qcow2`)
    await define('b', { path: join(two.dir, 'mounted', `${n}b.qcow2`) }, two)
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    expect((await options(a)).commit.refusal).toContain(`needed by vda of the VM ${n}b on two`)
    await lab.defineGuest({
      name: `${n}own`,
      system: 'none',
      disks: [{ format: 'qcow2', virtualBytes: 16 << 20 }],
    })
    await lab.startGuest(`${n}own`)
    const own = acts(keyframe, await keyframe.uuid(`${n}own`))
    await two.killLibvirtd()
    try {
      expect((await options(a)).commit.refusal).toContain(`needed by vda of the VM ${n}b on two`)
      expect((await own.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
      const { commit } = await options(own)
      expect(commit.refusal).toBeNull()
      expect(
        commit.plan.checks.find(({ sentence }) => sentence.includes('two does not answer'))?.verdict,
      ).toBe('warn')
      const job = await own.merge([commit])
      expect(job.result.join(' ')).toContain('Removed: ')
    } finally {
      await two.startLibvirtd()
    }
  })
})

describe('a host that is down', () => {
  it('still needs what only a snapshot of its VM needed', async () => {
    const { requireHost } = await import('../hosts/find-vm.ts')
    await waitUntil(() => Promise.resolve(requireHost('two').connection.status.status === 'up'), {
      limitMs: 30_000,
      what: 'The connection to the other host, whose libvirtd was just started',
    })
    await overlay(`${n}b.qcow2`, `${n}-golden.qcow2`)
    await define('b', { path: join(two.dir, 'mounted', `${n}b.qcow2`) }, two)
    await two.virsh('snapshot-create-as', `${n}b`, 's1', '--disk-only')
    const other = join(two.dir, `${n}other.qcow2`)
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', other, '16M'])
    two.user.own(other)
    const xml = await two.virsh('dumpxml', `${n}b`)
    writeFileSync(join(two.dir, 'b.xml'), xml.replace(/<source file='[^']*'/, `<source file='${other}'`))
    await two.virsh('define', join(two.dir, 'b.xml'))
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    const needed = `needed by the snapshot s1 of the VM ${n}b on two`
    expect((await options(a)).commit.refusal).toContain(needed)
    await two.killLibvirtd()
    try {
      const { commit, pull } = await options(a)
      expect(commit.refusal).toContain(needed)
      const job = await a.merge([pull], 0, { removeTemplates: true })
      expect(job.result.join(' ')).toContain(`stays: the snapshot s1 of the VM ${n}b on two may need it.`)
      expect(await goldenHolds()).toBe(0x11)
    } finally {
      await two.startLibvirtd()
    }
  })
})

describe('a VM of which a layer is gone', () => {
  it('holds up what may lie below it, and says what to do', async () => {
    await overlay(`${n}b.qcow2`, path(`${n}-golden.qcow2`))
    await overlay(`${n}c.qcow2`, path(`${n}b.qcow2`))
    const away = join(lab.dir, `${n}b.away`)
    await rename(path(`${n}b.qcow2`), away)
    await define('c')
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    const { commit, pull } = await options(a)
    expect(commit.refusal).toMatch(
      new RegExp(
        `vda of the VM ${n}c on lab needs .*${n}b.qcow2, which is not there.*Put the file back, or take`,
      ),
    )
    const job = await a.merge([pull], 0, { removeTemplates: true })
    expect(job.result.join(' ')).toContain(`${n}-golden.qcow2 stays: it is a template`)
    // What a VM wrote itself is not held up by what another one has lost.
    const own = acts(keyframe, await startBareGuest({ lab, keyframe }, `${n}own`, [disk('qcow2', 8)]))
    expect((await own.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    const down = (await options(own)).commit
    expect([down.refusal, down.removedFiles]).toEqual([null, [path(`${n}own-vda.s1`)]])
    expect((await own.merge([down])).result.join(' ')).toContain(`Removed: ${path(`${n}own-vda.s1`)}`)
    await rename(away, path(`${n}b.qcow2`))
    expect(await goldenHolds(`${n}c.qcow2`)).toBe(0x11)
    await lab.virsh('undefine', `${n}c`)
  })

  it('is itself refused for that layer', async () => {
    await overlay(`${n}b.qcow2`, path(`${n}-golden.qcow2`))
    await overlay(`${n}c.qcow2`, path(`${n}b.qcow2`))
    await define('c')
    const c = acts(keyframe, await keyframe.uuid(`${n}c`))
    await lab.startGuest(`${n}c`)
    await rename(path(`${n}b.qcow2`), path(`${n}b.away`))
    for (const { refusal } of await c.plan({ target: 'vda' })) expect(refusal).toMatch(/chain is not sound/)
    await lab.virsh('destroy', `${n}c`)
    await lab.virsh('undefine', `${n}c`)
  })
})

describe('N9: a compressed base', () => {
  it('needs as much room as it holds, not as it takes', async () => {
    const raw = path(`${n}-text.raw`)
    await run('bash', ['-c', `yes keyframe | head -c 12M > ${raw}`])
    await run('qemu-img', ['convert', '-c', '-f', 'raw', '-O', 'qcow2', raw, path(`${n}-text.qcow2`)])
    lab.user.own(path(`${n}-text.qcow2`))
    await overlay(`${n}t.qcow2`, path(`${n}-text.qcow2`))
    await define('t')
    await lab.startGuest(`${n}t`)
    const { pull } = await options(acts(keyframe, await keyframe.uuid(`${n}t`)))
    expect(pull.bytesToCopy).toBeGreaterThanOrEqual(12 << 20)
    // No more than the overlay can take in.
    expect(pull.spaceNeededBytes).toBeGreaterThan(11 << 20)
    expect(pull.spaceNeededBytes).toBeLessThanOrEqual(12 << 20)
  })
})

describe('N10: what Check & repair of a host offers', () => {
  it('is no file that a VM of another host needs', async () => {
    await overlay(`${n}b.qcow2`, `${n}-golden.qcow2`)
    await run('touch', ['-d', '2 hours ago', path(`${n}b.qcow2`)])
    const { checkHost } = await import('../repairs/check-host.ts')
    const offered = async () =>
      (await checkHost(HOST)).findings.filter((finding) => finding.sentence.includes(`${n}b.qcow2`))
    expect(await offered()).toHaveLength(1)
    await define('b', { path: join(two.dir, 'mounted', `${n}b.qcow2`) }, two)
    await waitUntil(async () => (await offered()).length === 0, {
      limitMs: 30_000,
      everyMs: 1_000,
      what: 'A check that knows the other host',
    })
  })
})

describe('one file under two names', () => {
  it('is seen through a link to its folder and a link to itself, also while a guest writes', async () => {
    symlinkSync(lab.imagesDir, join(lab.dir, `${n}-link`))
    await overlay(`${n}b.qcow2`, join(lab.dir, `${n}-link`, `${n}-golden.qcow2`))
    await define('b')
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    expect((await options(a)).commit.refusal).toContain(`needed by vda of the VM ${n}b`)
    await lab.virsh('undefine', `${n}b`)
    // b stands on the very file that a writes to.
    symlinkSync(path(`${n}a.qcow2`), path(`${n}alias.qcow2`))
    await overlay(`${n}c.qcow2`, path(`${n}alias.qcow2`))
    await define('c')
    const { readFileUsers } = await import('./file-users.ts')
    const { requireHost } = await import('../hosts/find-vm.ts')
    const active = path(`${n}a.qcow2`)
    for (const looks of [1, 2, 3]) {
      await guestWrites(lab, `${n}a`, 0, 0x22, looks)
      const users = (await readFileUsers(requireHost(HOST), [active], 'now')).of(active)
      expect([...new Set(users.map((use) => use.vmName))].sort()).toEqual([`${n}a`, `${n}c`])
    }
  })
})

describe('a file beside a layer that holds its data', () => {
  it.each(['off', 'running'])('is needed by who needs the layer: %s', async (state) => {
    const image = path(`${n}b.qcow2`)
    const data = path(`${n}b.data`)
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `data_file=${n}b.data`, image, '16M'], {
      cwd: lab.imagesDir,
    })
    for (const file of [image, data]) lab.user.own(file)
    await run('touch', ['-d', '2 hours ago', data])
    await define('b')
    await keyframe.uuid(`${n}b`)
    if (state === 'running') await lab.startGuest(`${n}b`)
    const { readFileUsers } = await import('./file-users.ts')
    const { requireHost } = await import('../hosts/find-vm.ts')
    const users = (await readFileUsers(requireHost(HOST), [data], 'now')).of(data)
    expect([...new Set(users.map((use) => use.vmName))]).toEqual([`${n}b`])
    const { removeUnusedFiles } = await import('../merges/remove-files.ts')
    const removal = await removeUnusedFiles(requireHost(HOST), [data], () => Promise.reject(new Error('no')))
    expect(removal.kept[0]).toContain(`stays: vda of the VM ${n}b needs it.`)
  })
})

describe('A6: a clone that stands on what a snapshot froze', () => {
  it('refuses the delete that would unlink it', async () => {
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    for (const name of ['s1', 's2']) expect((await a.snapshot({ name, disks: ['vda'] })).error).toBeNull()
    expect((await a.revert('s1')).error).toBeNull()
    await overlay(`${n}b.qcow2`, path(`${n}a.s1`))
    await define('b')
    await keyframe.uuid(`${n}b`)
    await expect(a.remove('s2')).rejects.toThrow(new RegExp(`needed by vda of the VM ${n}b`))
    await lab.startGuest(`${n}b`)
  })
})

describe('A6: what the VM itself needs besides the disk', () => {
  it('its next start on another layer of the same chain refuses what would take that from it', async () => {
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    for (const name of ['s1', 's2']) expect((await a.snapshot({ name, disks: ['vda'] })).error).toBeNull()
    const now = await lab.virsh('dumpxml', `${n}a`, '--inactive')
    const next = now
      .replace(/<backingStore type[\s\S]*<\/backingStore>/, '')
      .replace(`${n}a.s2'`, `${n}a.s1'`)
    writeFileSync(join(lab.dir, 'next.xml'), next)
    await lab.virsh('define', join(lab.dir, 'next.xml'))
    const { commit, pull } = await options(a)
    expect(commit.refusal).toContain(`needed by vda of the VM ${n}a at its next start`)
    expect(pull.refusal).toBeNull()
    for (const name of ['s1', 's2'])
      await expect(a.remove(name)).rejects.toThrow(new RegExp(`vda of the VM ${n}a at its next start`))
    await lab.virsh('destroy', `${n}a`)
    await lab.startGuest(`${n}a`)
  })

  it('another disk on what a snapshot froze refuses the delete that would write to it', async () => {
    const a = acts(keyframe, await keyframe.uuid(`${n}a`))
    expect((await a.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    await overlay(`${n}look.qcow2`, path(`${n}a.qcow2`))
    await lab.virsh('attach-disk', `${n}a`, path(`${n}look.qcow2`), 'vdb', '--subdriver', 'qcow2')
    await expect(a.remove('s1')).rejects.toThrow(new RegExp(`needed by vdb of the VM ${n}a`))
    await lab.virsh('detach-disk', `${n}a`, 'vdb')
  })
})
