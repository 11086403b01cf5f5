import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readVmChains } from '../chains/read-vm-chains.ts'
import { findHost } from '../hosts/find-vm.ts'
import { hostByName } from '../hosts/registry.ts'
import { planMerge } from '../merges/plan-merge.ts'
import { RpcClient } from '../node-libvirt/protocol/rpc-client.ts'
import { refusalOf } from '../plans/checks.ts'
import { readCreatePlan } from '../snapshots/read-create-situation.ts'
import { planDelete } from '../snapshots/plan-delete.ts'
import { planRevert } from '../snapshots/plan-revert.ts'
import { HOST } from '../testing/in-process.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { run } from '../testing/lab/run-command.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'
import { startOnLab } from '../testing/on-lab.ts'
import { readSituation } from './read-situation.ts'

/** VMs of every shape that was seen in the field, on two hosts of which the second has the first one's images under another path. */
const two = await startTestLab('zoo-two')
afterAll(() => two.stop({ remove: true }))
const { lab } = await startOnLab('zoo', { others: { two: two.uri } })
symlinkSync(lab.imagesDir, join(two.dir, 'mounted'))
await lab.virsh('pool-define-as', 'imgs', 'dir', '--target', lab.imagesDir)
await lab.virsh('pool-start', 'imgs')

const img = (file: string) => join(lab.imagesDir, file)
const own = (file: string) => lab.user.own(img(file))
async function make(file: string, below: string | null = null, more: string[] = [], format = 'qcow2') {
  const backing = below === null ? [] : ['-b', below, '-F', 'qcow2']
  const size = below === null ? ['8M'] : []
  await run('qemu-img', ['create', '-q', '-f', format, ...more, ...backing, img(file), ...size], {
    cwd: lab.imagesDir,
  })
  own(file)
}
/** Files of which each stands on the one before it. */
async function line(...files: string[]) {
  for (const [index, file] of files.entries()) await make(file, index === 0 ? null : img(files[index - 1]!))
}

const fileDisk = (
  file: string,
  { target = 'vda', format = 'qcow2', more = '', folder = lab.imagesDir } = {},
) =>
  `<disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${join(folder, file)}'/><target dev='${target}' bus='virtio'/>${more}</disk>`
const cdDrive = (source: string, more = '') =>
  `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>${source}<target dev='hdc' bus='ide'/><readonly/>${more}</disk>`

const xmlOf = (name: string, disks: string, uuid = '') =>
  `<domain type='qemu'><name>${name}</name>${uuid}<memory unit='MiB'>16</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>${disks}<controller type='usb' model='none'/><memballoon model='none'/></devices></domain>`
const define = async (on: Lab, name: string, disks: string, { uuid = '', act = 'define' } = {}) => {
  const file = join(on.dir, 'zoo.xml')
  writeFileSync(file, xmlOf(name, disks, uuid))
  await on.virsh(act, file)
}
const snapshot = (name: string, as: string, on: Lab = lab) =>
  on.virsh('snapshot-create-as', name, as, '--disk-only')
/** vCPUs that stand still: what is asked of them is what they have open. */
const startPaused = (name: string, on: Lab = lab) => on.virsh('start', name, '--paused')

/** What is said of one VM: each disk's chain, and of every act that it could be asked for, yes or why not. */
async function verdicts(host: string, uuid: string): Promise<Record<string, string>> {
  const chains = await readVmChains(host, uuid)
  const situation = await readSituation(host, uuid)
  const yes = (refusal: string | null, insist: string | null = null) =>
    refusal ?? (insist === null ? 'yes' : `yes, by the name ${insist}`)
  const said: Record<string, string> = {}
  for (const { target, layers, snapshotRefusal } of chains) {
    const names = layers.map((layer) => layer.path.split('/').at(-1)).join(' < ')
    const problems = layers.flatMap((layer) => layer.problems.map((problem) => problem.kind))
    said[target] = [
      names || 'no layers',
      ...problems,
      ...(snapshotRefusal === null ? [] : [snapshotRefusal]),
    ].join(' | ')
  }
  for (const option of planMerge(situation, {}))
    said[`${option.direction} ${option.target}`] = yes(option.refusal, option.insist)
  for (const { name } of situation.snapshots) {
    said[`delete ${name}`] = yes(
      refusalOf(planDelete(situation, { snapshot: name, withChildren: false }).plan.checks),
    )
    said[`revert ${name}`] = yes(refusalOf(planRevert(situation, name).plan.checks))
  }
  return said
}

interface Shape {
  /** Its disks, made. */
  make: (name: string) => Promise<string>
  /** After it was defined. */
  then?: (name: string) => Promise<unknown>
  on?: Lab
  transient?: boolean
  uuid?: string
  /** Nobody can tell what lies below its disk: then nothing of any VM may be removed. */
  isGap?: true
  says: Record<string, string>
}
const SAME = '11111111-2222-4333-8444-555555555555'
const plain = async (name: string) => {
  await make(`${name}.qcow2`)
  return fileDisk(`${name}.qcow2`)
}
const clone = (of: string) => async (name: string) => {
  await make(`${name}.qcow2`, img(of))
  return fileDisk(`${name}.qcow2`)
}
const deep = async (name: string) => {
  await line(...Array.from({ length: 10 }, (_, index) => `${name}-${index}.qcow2`))
  return fileDisk(`${name}-9.qcow2`)
}

/** Sentences that many shapes have, as they begin. */
const WORDS: Record<string, string> = {
  OFF: 'NAME is shut off: QEMU merges, so the VM must run (or be paused).',
  PAUSED: 'NAME is paused: a pull is made safe at its end by a short stop of the running guest.',
  REMOVABLE: 'no layers | It is a cdrom: removable media are not part of a snapshot.',
}

const SHAPES: Record<string, Shape> = {
  raw: {
    make: async (name) => {
      await make(`${name}.img`, null, [], 'raw')
      return fileDisk(`${name}.img`, { format: 'raw' })
    },
    says: { vda: 'raw.img' },
  },
  plain: { make: plain, says: { vda: 'plain.qcow2' } },
  'own-base': {
    make: async (name) => {
      await line(`${name}-base.qcow2`, `${name}.qcow2`)
      return fileDisk(`${name}.qcow2`)
    },
    says: { vda: 'own-base-base.qcow2 < own-base.qcow2', 'commit vda': 'OFF', 'pull vda': 'OFF' },
  },
  template: { make: plain, says: { vda: 'template.qcow2' } },
  'clone-off': {
    make: clone('template.qcow2'),
    says: { vda: 'template.qcow2 < clone-off.qcow2', 'commit vda': 'OFF', 'pull vda': 'OFF' },
  },
  'clone-runs': {
    make: clone('template.qcow2'),
    then: (name) => startPaused(name),
    says: {
      vda: 'template.qcow2 < clone-runs.qcow2',
      'commit vda': 'template.qcow2 is also needed by vda of the VM ',
      'pull vda': 'PAUSED',
    },
  },
  'read-only-template': {
    make: async (name) => {
      await line(`${name}-golden.qcow2`, `${name}.qcow2`)
      chmodSync(img(`${name}-golden.qcow2`), 0o444)
      return fileDisk(`${name}.qcow2`)
    },
    then: (name) => startPaused(name),
    says: {
      vda: 'read-only-template-golden.qcow2 < read-only-template.qcow2',
      'commit vda': 'read-only-template-golden.qcow2 is write-protected for its owner (mode 0444)',
      'pull vda': 'PAUSED',
    },
  },
  volume: {
    make: async (name) => {
      await make(`${name}.qcow2`)
      await lab.virsh('pool-refresh', 'imgs')
      return `<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='imgs' volume='${name}.qcow2'/><target dev='vda' bus='virtio'/></disk>`
    },
    says: { vda: 'volume.qcow2 | Its source is of type volume' },
  },
  'volume-runs': {
    make: async (name) => {
      await line(`${name}-base.qcow2`, `${name}.qcow2`)
      await lab.virsh('pool-refresh', 'imgs')
      return `<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='imgs' volume='${name}.qcow2'/><target dev='vda' bus='virtio'/></disk>`
    },
    then: (name) => startPaused(name),
    says: {
      vda: 'volume-runs-base.qcow2 < volume-runs.qcow2 | Its source is of type volume',
      'commit vda': 'yes, by the name volume-runs-base.qcow2',
      'pull vda': 'PAUSED',
    },
  },
  link: {
    make: async (name) => {
      await make(`${name}-real.qcow2`)
      symlinkSync(`${name}-real.qcow2`, img(`${name}.qcow2`))
      return fileDisk(`${name}.qcow2`)
    },
    says: { vda: 'link.qcow2' },
  },
  'link-to-template': {
    make: async (name) => {
      symlinkSync('template.qcow2', img('latest.qcow2'))
      return clone('latest.qcow2')(name)
    },
    then: (name) => startPaused(name),
    says: {
      vda: 'latest.qcow2 < link-to-template.qcow2',
      'commit vda': 'latest.qcow2 is also needed by vda of the VM ',
      'pull vda': 'PAUSED',
    },
  },
  'relative-name': {
    make: async (name) => {
      await make(`${name}-base.qcow2`)
      await make(`${name}.qcow2`, `${name}-base.qcow2`)
      return fileDisk(`${name}.qcow2`)
    },
    says: { vda: 'relative-name-base.qcow2 < relative-name.qcow2', 'commit vda': 'OFF', 'pull vda': 'OFF' },
  },
  'internal-snapshot': {
    make: plain,
    then: (name) => lab.virsh('snapshot-create-as', name, 'in1'),
    says: { vda: 'internal-snapshot.qcow2', 'delete in1': 'yes', 'revert in1': 'yes' },
  },
  'unknown-internal': {
    make: async (name) => {
      await line(`${name}-base.qcow2`, `${name}.qcow2`)
      await run('qemu-img', ['snapshot', '-c', 'byhand', img(`${name}-base.qcow2`)])
      return fileDisk(`${name}.qcow2`)
    },
    then: (name) => startPaused(name),
    says: {
      vda: 'unknown-internal-base.qcow2 < unknown-internal.qcow2',
      'commit vda': 'yes, by the name unknown-internal-base.qcow2',
      'pull vda': 'PAUSED',
    },
  },
  'next-start': {
    make: plain,
    then: async (name) => {
      await startPaused(name)
      await snapshot(name, 's1')
      await define(lab, name, fileDisk(`${name}.qcow2`), {
        uuid: `<uuid>${(await lab.virsh('domuuid', name)).trim()}</uuid>`,
      })
    },
    says: {
      vda: 'next-start.qcow2 < next-start.s1',
      'commit vda': 'next-start.qcow2 is also needed by vda of the VM next-start at its next start',
      'pull vda': 'PAUSED',
      'delete s1':
        'next-start.qcow2 is also needed by vda of the VM next-start at its next start, and the delete would change it',
      'revert s1': 'yes',
    },
  },
  slices: {
    make: async (name) => {
      await make(`${name}.img`, null, [], 'raw')
      return fileDisk(`${name}.img`, { format: 'raw' }).replace(
        /<source file='([^']+)'\/>/,
        "<source file='$1'><slices><slice type='storage' offset='1048576' size='4194304'/></slices></source>",
      )
    },
    says: { vda: 'slices.img | It is only a part (<slices>) of its file' },
  },
  encrypted: {
    isGap: true,
    make: async (name) => {
      const secret = ['--object', 'secret,id=s,data=xyz']
      const options = ['-o', 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10']
      await make(`${name}.qcow2`, null, [...secret, ...options])
      return fileDisk(`${name}.qcow2`).replace(
        /<source file='([^']+)'\/>/,
        "<source file='$1'><encryption format='luks'><secret type='passphrase' uuid='f52a81b2-424e-490c-823d-6bd4235bc572'/></encryption></source>",
      )
    },
    says: { vda: 'encrypted.qcow2 | unreadable' },
  },
  transient: { make: plain, transient: true, says: { vda: 'transient.qcow2' } },
  'gone-active': {
    isGap: true,
    make: plain,
    then: (name) => rm(img(`${name}.qcow2`)),
    says: { vda: 'gone-active.qcow2 | missing' },
  },
  'gone-base': {
    isGap: true,
    make: async (name) => {
      await line(`${name}-base.qcow2`, `${name}.qcow2`)
      await rm(img(`${name}-base.qcow2`))
      return fileDisk(`${name}.qcow2`)
    },
    says: { vda: 'gone-base-base.qcow2 < gone-base.qcow2 | missing', 'commit vda': 'OFF', 'pull vda': 'OFF' },
  },
  'gone-running': {
    isGap: true,
    make: async (name) => {
      await line(`${name}-base.qcow2`, `${name}.qcow2`)
      return fileDisk(`${name}.qcow2`)
    },
    then: async (name) => {
      await startPaused(name)
      await rename(img(`${name}-base.qcow2`), img(`${name}-away`))
    },
    says: {
      vda: 'gone-running-base.qcow2 < gone-running.qcow2 | missing',
      'commit vda': 'The chain is not sound: there is no file gone-running-base.qcow2',
      'pull vda': 'PAUSED',
    },
  },
  'optional-cd': {
    make: async (name) =>
      (await plain(name)) + cdDrive(`<source file='${img('nowhere.iso')}' startupPolicy='optional'/>`),
    says: { vda: 'optional-cd.qcow2', hdc: 'nowhere.iso | missing | It is a cdrom' },
  },
  'empty-drive': {
    make: async (name) => (await plain(name)) + cdDrive(''),
    then: (name) => snapshot(name, 's1'),
    says: {
      vda: 'empty-drive.qcow2 < empty-drive.s1',
      hdc: 'REMOVABLE',
      'commit vda': 'OFF',
      'pull vda': 'OFF',
      'delete s1': 'yes',
      'revert s1': 'yes',
    },
  },
  shareable: {
    make: async (name) => {
      await make('both.img', null, [], 'raw')
      return (
        (await plain(name)) + fileDisk('both.img', { target: 'vdb', format: 'raw', more: '<shareable/>' })
      )
    },
    then: (name) => startPaused(name),
    says: { vda: 'shareable.qcow2', vdb: 'both.img | It is marked <shareable/>' },
  },
  'shareable-too': {
    make: async (name) =>
      (await plain(name)) + fileDisk('both.img', { target: 'vdb', format: 'raw', more: '<shareable/>' }),
    then: (name) => startPaused(name),
    says: { vda: 'shareable-too.qcow2', vdb: 'both.img | It is marked <shareable/>' },
  },
  readonly: {
    make: async (name) =>
      (await plain(name)) + fileDisk('template.qcow2', { target: 'vdb', more: '<readonly/>' }),
    says: { vda: 'readonly.qcow2', vdb: 'template.qcow2 | It is read-only' },
  },
  'transient-disk': {
    make: async (name) => {
      await make(`${name}-t.qcow2`)
      return (await plain(name)) + fileDisk(`${name}-t.qcow2`, { target: 'vdb', more: '<transient/>' })
    },
    says: { vda: 'transient-disk.qcow2', vdb: 'transient-disk-t.qcow2 | It is marked <transient/>' },
  },
  network: {
    make: async (name) =>
      (await plain(name)) +
      `<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='x'><host name='192.0.2.1' port='10809'/></source><target dev='vdb' bus='virtio'/></disk>` +
      `<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='rbd' name='pool1/vol 7'><host name='192.0.2.11' port='6789'/></source><target dev='vdc' bus='virtio'/></disk>`,
    says: {
      vda: 'network.qcow2',
      vdb: 'no layers | It lies on network storage (type network)',
      vdc: 'no layers | It lies on network storage (type network)',
    },
  },
  'block-device': {
    make: async (name) =>
      (await plain(name)) +
      `<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/mapper/zoo none'/><target dev='vdb' bus='virtio'/></disk>`,
    says: { vda: 'block-device.qcow2', vdb: 'zoo none | missing' },
  },
  nvme: {
    make: async (name) =>
      (await plain(name)) +
      `<disk type='nvme' device='disk'><driver name='qemu' type='raw'/><source type='pci' managed='yes' namespace='1'><address domain='0x0000' bus='0x05' slot='0x00' function='0x0'/></source><target dev='vdc' bus='virtio'/></disk>`,
    says: { vda: 'nvme.qcow2', vdc: 'no layers | Its source is of type nvme' },
  },
  'ten-off': {
    make: deep,
    says: {
      vda: 'ten-off-0.qcow2 < ten-off-1.qcow2 < ten-off-2.qcow2 < ten-off-3.qcow2 < ten-off-4.qcow2 < ten-off-5.qcow2 < ten-off-6.qcow2 < ten-off-7.qcow2 < ten-off-8.qcow2 < ten-off-9.qcow2',
      'commit vda': 'OFF',
      'pull vda': 'OFF',
    },
  },
  'ten-runs': {
    make: deep,
    then: (name) => startPaused(name),
    says: {
      vda: 'ten-runs-0.qcow2 < ten-runs-1.qcow2 < ten-runs-2.qcow2 < ten-runs-3.qcow2 < ten-runs-4.qcow2 < ten-runs-5.qcow2 < ten-runs-6.qcow2 < ten-runs-7.qcow2 < ten-runs-8.qcow2 < ten-runs-9.qcow2',
      'commit vda': 'yes, by the name ten-runs-0.qcow2',
      'pull vda': 'PAUSED',
    },
  },
  'line-paused': {
    make: plain,
    then: async (name) => {
      await startPaused(name)
      for (const as of ['s1', 's2']) await snapshot(name, as)
    },
    says: {
      vda: 'line-paused.qcow2 < line-paused.s1 < line-paused.s2',
      'commit vda': 'yes',
      'pull vda': 'PAUSED',
      'delete s1': 'yes',
      'revert s1': 'yes',
      'delete s2': 'yes',
      'revert s2': 'yes',
    },
  },
  'line-runs': {
    make: plain,
    then: async (name) => {
      await lab.virsh('start', name)
      for (const as of ['s1', 's2']) await snapshot(name, as)
    },
    says: {
      vda: 'line-runs.qcow2 < line-runs.s1 < line-runs.s2',
      'commit vda': 'yes',
      'pull vda': 'yes',
      'delete s1': 'yes',
      'revert s1': 'yes',
      'delete s2': 'yes',
      'revert s2': 'yes',
    },
  },
  'line-off': {
    make: plain,
    then: async (name) => {
      for (const as of ['s1', 's2']) await snapshot(name, as)
    },
    says: {
      vda: 'line-off.qcow2 < line-off.s1 < line-off.s2',
      'commit vda': 'OFF',
      'pull vda': 'OFF',
      'delete s1': 'yes',
      'revert s1': 'yes',
      'delete s2': 'yes',
      'revert s2': 'yes',
    },
  },
  branches: {
    make: plain,
    then: async (name) => {
      for (const as of ['s1', 's2']) await snapshot(name, as)
      await lab.virsh('snapshot-revert', name, 's1')
    },
    says: {
      vda: 'branches.qcow2 < branches.<time>',
      'commit vda': 'OFF',
      'pull vda': 'OFF',
      'delete s1':
        's1 is the current snapshot and has a child on another branch (s2): libvirt can’t delete it',
      'revert s1': 'yes',
      'delete s2': 'yes',
      'revert s2': 'yes',
    },
  },
  'managed-save': {
    make: plain,
    then: async (name) => {
      await snapshot(name, 's1')
      await lab.virsh('start', name)
      await lab.virsh('managedsave', name)
    },
    says: {
      vda: 'managed-save.qcow2 < managed-save.s1',
      'commit vda': 'OFF',
      'pull vda': 'OFF',
      'delete s1':
        'managed-save has a saved state (managed save) that belongs to the layers as they are now: after the delete it could not be started from it',
      'revert s1': 'managed-save has a saved state (managed save) that belongs to its disks as they are now',
    },
  },
  comma: {
    make: async (name) => {
      await make(`${name},1.qcow2`)
      return fileDisk(`${name},1.qcow2`)
    },
    then: (name) => startPaused(name),
    says: { vda: 'comma,1.qcow2' },
  },
  'data-file': {
    make: async (name) => {
      await make(`${name}.qcow2`, null, ['-o', `data_file=${name}.data`])
      own(`${name}.data`)
      return fileDisk(`${name}.qcow2`)
    },
    says: { vda: 'data-file.qcow2' },
  },
  moves: { make: plain, uuid: SAME, then: (name) => startPaused(name), says: { vda: 'moves.qcow2' } },
  'of-two': {
    on: two,
    make: async (name) => {
      await run('qemu-img', ['create', '-q', '-f', 'qcow2', join(two.imagesDir, `${name}.qcow2`), '8M'])
      two.user.own(join(two.imagesDir, `${name}.qcow2`))
      return fileDisk(`${name}.qcow2`, { folder: two.imagesDir })
    },
    says: { vda: 'of-two.qcow2' },
  },
  'clone-on-two': {
    on: two,
    make: async (name) => {
      await make(`${name}.qcow2`, 'template.qcow2')
      return fileDisk(`${name}.qcow2`, { folder: join(two.dir, 'mounted') })
    },
    then: (name) => startPaused(name, two),
    says: {
      vda: 'template.qcow2 < clone-on-two.qcow2',
      'commit vda': 'template.qcow2 is also needed by vda of the VM ',
      'pull vda': 'PAUSED',
    },
  },
  'moves-on-two': {
    on: two,
    uuid: SAME,
    make: () => Promise.resolve(fileDisk('moves.qcow2', { folder: join(two.dir, 'mounted') })),
    says: { vda: 'moves.qcow2' },
  },
}

/** Measured: 152 calls for a list of 36 VMs, 471 to 486 for a situation: more where many files changed within the same seconds. */
const LIST_CALLS_A_VM = 4
const SITUATION_CALLS_A_VM = 16
const OTHER_CALLS = 12

/** Counts what goes to libvirt, by procedure. */
async function counted<T>(work: () => Promise<T>): Promise<{ result: T; calls: Record<string, number> }> {
  const calls: Record<string, number> = {}
  const { call } = RpcClient.prototype
  RpcClient.prototype.call = function (this: RpcClient, procedure: string, ...rest: unknown[]) {
    calls[procedure] = (calls[procedure] ?? 0) + 1
    return (call as (...all: unknown[]) => unknown).call(this, procedure, ...rest)
  } as typeof call
  try {
    return { result: await work(), calls }
  } finally {
    RpcClient.prototype.call = call
  }
}

const defineAll = async (shapes: [string, Shape][]) => {
  for (const [name, shape] of shapes) {
    const on = shape.on ?? lab
    const uuid = shape.uuid === undefined ? '' : `<uuid>${shape.uuid}</uuid>`
    await define(on, name, await shape.make(name), { uuid, act: shape.transient ? 'create' : 'define' })
    await shape.then?.(name)
  }
}
const listed = async () => {
  const all = []
  for (const host of [HOST, 'two']) {
    hostByName(host)!.inventory.invalidate()
    all.push(...(await findHost(host))!.vms.map(({ name, uuid }) => ({ host, name, uuid })))
  }
  return all
}
/** What was said, each sentence as far as the table has it. */
const asInTable = (name: string, said: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(said).map(([what, sentence]) => {
      const wanted = SHAPES[name]?.says[what]
      const full = wanted && (WORDS[wanted] ?? wanted).replace('NAME', name)
      const plainly = sentence
        .replaceAll(`${lab.imagesDir}/`, '')
        .replaceAll(`${two.dir}/mounted/`, '')
        .replace(/\.\d{10}(?= |$)/, '.<time>')
      return [what, full && plainly.startsWith(full) ? wanted : plainly]
    }),
  )

it('says of each shape what it is and what can be done with it', async () => {
  await defineAll(Object.entries(SHAPES).filter(([, shape]) => !shape.isGap))
  const found: Record<string, Record<string, string>> = {}
  for (const { host, name, uuid } of await listed()) found[name] = asInTable(name, await verdicts(host, uuid))
  const wanted = Object.entries(SHAPES).filter(([, shape]) => !shape.isGap)
  expect(found).toEqual(Object.fromEntries(wanted.map(([name, { says }]) => [name, says])))
})

it('reads the whole list, and what plans of one VM rest on, with few calls', async () => {
  const { inventory } = hostByName(HOST)!
  const sum = (calls: Record<string, number>) => Object.values(calls).reduce((all, each) => all + each, 0)
  for (const vm of inventory.lastKnown) inventory.expire(vm.uuid)
  const cold = await counted(() => inventory.vms())
  const uuid = cold.result.find((vm) => vm.name === 'line-paused')!.uuid
  const situation = await counted(() => readSituation(HOST, uuid))
  const [vms, list, read] = [cold.result.length, sum(cold.calls), sum(situation.calls)]
  console.info(`${vms} VMs: ${list} calls for the list, ${read} for a situation`)
  // Of a list that knows nothing: two XMLs, the count of snapshots and whether it is persistent, for each VM.
  expect(cold.calls).toMatchObject({ CONNECT_LIST_ALL_DOMAINS: 1, CONNECT_GET_ALL_DOMAIN_STATS: 1 })
  expect(list).toBeLessThanOrEqual(LIST_CALLS_A_VM * vms + OTHER_CALLS)
  // Who needs the layers is asked of every VM and every file of the host, anew.
  expect(read).toBeLessThanOrEqual(SITUATION_CALLS_A_VM * vms + OTHER_CALLS)
})

async function plainTextWarning(uuid: string): Promise<boolean> {
  const question = { disks: ['vda'], quiesce: 'off' as const, overlayDirectory: null }
  const { checks } = await readCreatePlan(HOST, uuid, question)
  return checks.some(
    ({ verdict, sentence }) => verdict === 'warn' && /^vda: the disk is encrypted/.test(sentence),
  )
}

it('takes nothing from any VM while one disk can’t be read, and says which; a file that is gone stops no other VM', async () => {
  const found: Record<string, Record<string, string>> = {}
  const gaps: Record<string, string> = {}
  for (const [name, shape] of Object.entries(SHAPES).filter(([, each]) => each.isGap)) {
    await defineAll([[name, shape]])
    const all = await listed()
    found[name] = asInTable(name, await verdicts(HOST, all.find((vm) => vm.name === name)!.uuid))
    if (name === 'encrypted')
      expect(await plainTextWarning(all.find((vm) => vm.name === name)!.uuid)).toBe(true)
    const line = await verdicts(HOST, all.find((vm) => vm.name === 'line-runs')!.uuid)
    gaps[name] = line['commit vda']!
    await lab.virsh('destroy', name).catch(() => undefined)
    await lab.virsh('undefine', name)
  }
  const wanted = Object.entries(SHAPES).filter(([, shape]) => shape.isGap)
  expect(found).toEqual(Object.fromEntries(wanted.map(([name, { says }]) => [name, says])))
  const { encrypted, ...gone } = gaps
  expect(encrypted).toMatch(
    /^Something may need these layers that could not be looked at: vda of the VM encrypted on lab/,
  )
  for (const [name, sentence] of Object.entries(gone)) expect(sentence, name).toBe('yes')
})
