import { describe, expect, it } from 'vitest'
import { definitionOf, diskOf, found, need } from '../testing/situation-of.ts'
import { planCreate, type CreateQuestion, type CreateSituation } from './plan-create.ts'

const MIB = 1024 * 1024
const layer = (path: string) => ({ path, volume: null, sourceType: 'file', format: 'qcow2', nodeIndex: null })
const definition = definitionOf([diskOf('vda', '/img/b', { pinsBacking: false })])
const whole: CreateSituation = {
  version: 1,
  host: 'lab',
  vm: {
    uuid: 'u',
    name: 'web',
    state: 'running',
    running: true,
    persistent: true,
    hasManagedSave: false,
    description: definition,
    next: definition,
  },
  snapshots: [],
  current: null,
  jobs: [],
  allowedDirectories: [],
  files: { '/img/b': found('/img/b', '/img/a'), '/img/a': found('/img/a', null) },
  folders: { '/img': { freeBytes: 1_000 * MIB, permissions: null } },
  uses: {},
  agent: { agent: 'answers', fileSystems: 1 },
  pace: { jobs: 0, bytesPerMs: null, medianMs: null },
}
const off: CreateSituation = { ...whole, vm: { ...whole.vm, state: 'shut off', running: false } }
const asked: CreateQuestion = { disks: ['vda'], quiesce: 'auto', overlayDirectory: null }
const withDisk = (situation: CreateSituation, more: Parameters<typeof diskOf>[2], path = '/img/b') => {
  const changed = definitionOf([diskOf('vda', path, { pinsBacking: false, ...more })])
  return { ...situation, vm: { ...situation.vm, description: changed, next: changed } }
}
const use = need({ running: true })
const told = (situation: CreateSituation, question: Partial<CreateQuestion> = {}) =>
  planCreate(situation, { ...asked, ...question })
    .checks.filter(({ verdict }) => verdict === 'refused' || verdict === 'warn')
    .map(({ verdict, sentence, remedy }) => `${verdict}: ${sentence} ${remedy ?? ''}`)

describe('a plan of a snapshot', () => {
  it('has nothing against a whole VM, running or off, and says what it does', () => {
    expect([told(whole), told(off)]).toEqual([[], []])
    expect(planCreate(whole, asked).steps[0]!.sentence).toBe(
      'Freeze the guest’s file systems, switch vda to new overlays at one moment, thaw.',
    )
    expect(planCreate(off, asked).steps[0]!.sentence).toBe('Switch vda to new overlays at one moment.')
    expect(planCreate(whole, { ...asked, disks: [] }).steps[0]!.sentence).toContain('switch no disk')
  })

  it.each<[string, CreateSituation, Partial<CreateQuestion>, RegExp]>([
    [
      'a block job',
      { ...whole, jobs: [{ target: 'vda' } as never] },
      {},
      /^refused: A block job runs on vda/,
    ],
    [
      'a guest that sleeps',
      { ...whole, vm: { ...whole.vm, state: 'pmsuspended' } },
      {},
      /^refused: web is asleep.*Wake it up first/,
    ],
    [
      'a saved state',
      { ...off, vm: { ...off.vm, hasManagedSave: true } },
      {},
      /^refused: web has a saved state.*Start the VM first, or discard/,
    ],
    ['a network disk', withDisk(whole, { sourceType: 'network' }, 'x'), {}, /^refused: vda: /],
    [
      'N8: a file that only the running VM still has',
      { ...whole, files: { ...whole.files, '/img/a': { kind: 'missing', path: '/img/a', reason: '' } } },
      {},
      /^refused: .*only the running VM still holds it.*Do not stop the VM.*Check & repair on its page copies/,
    ],
    [
      'a file that is gone while the VM is off',
      { ...off, files: { ...off.files, '/img/a': { kind: 'missing', path: '/img/a', reason: '' } } },
      {},
      /^refused: The file \/img\/a of vda is gone: an overlay would stand on nothing\. Put the file back/,
    ],
    [
      'N32: a chain pinned to another file than the header names',
      withDisk(off, { pinsBacking: true, layers: [layer('/img/b'), layer('/img/x')] }),
      {},
      /^refused: .*has \/img\/x below \/img\/b, and its own header names \/img\/a.*Start the VM first/,
    ],
    [
      'a VM that is off, whose disk another one writes to',
      { ...off, uses: { '/img/b': [use] } },
      {},
      /^refused: \/img\/b \(vda\) is used by vda of the VM db, which runs now/,
    ],
    [
      'one that may be the same file on another host',
      { ...off, uses: { '/img/b': [{ ...use, host: 'two', isSure: false }] } },
      {},
      /^refused: \/img\/b \(vda\) is perhaps used by vda of the VM db on two/,
    ],
    [
      'N4: a next start that names the file otherwise',
      {
        ...whole,
        vm: { ...whole.vm, next: definitionOf([diskOf('vda', '/img/./b')]) },
      },
      {},
      /^refused: The configuration for the next start has vda on \/img\/\.\/b/,
    ],
    ['N16: a transient VM', { ...whole, vm: { ...whole.vm, persistent: false } }, {}, /web is transient/],
    [
      'a full file system',
      { ...whole, folders: { '/img': { freeBytes: 1, permissions: null } } },
      {},
      /^refused: The file system of \/img is full \(1 bytes free\)/,
    ],
    [
      'a folder that libvirt can’t read',
      { ...whole, folders: { '/img': { freeBytes: null, permissions: null } } },
      {},
      /^refused: The folder \/img can’t be read by libvirt.*choose another folder/,
    ],
    [
      'a folder that is not allowed',
      whole,
      { overlayDirectory: '/etc' },
      /^refused: Overlays may not go to \/etc/,
    ],
    [
      'a delete that was broken off',
      {
        ...whole,
        snapshots: [{ name: 's1', disks: [{ deleteInProgress: true }] } as never],
      },
      {},
      /^warn: The delete of a child of s1 was broken off/,
    ],
    ['quiesce off', { ...whole, agent: null }, { quiesce: 'off' }, /^warn: Quiesce is off/],
    [
      'no agent',
      { ...whole, agent: { agent: 'does not answer', fileSystems: null } },
      {},
      /^warn: The guest agent does not answer just now\. Without it/,
    ],
    [
      'no agent where one is required',
      { ...whole, agent: { agent: 'not configured', fileSystems: null } },
      { quiesce: 'required' },
      /^refused: The VM has no channel.*Quiesce is required\. Take quiesce auto/,
    ],
    [
      'a guest that is frozen already',
      { ...whole, agent: { agent: 'frozen', fileSystems: null } },
      {},
      /^warn: .*frozen already.*Thaw it on its page first/,
    ],
  ])('%s', (_, situation, question, sentence) => {
    expect(told(situation, question)).toContainEqual(expect.stringMatching(sentence))
  })

  it('warns before a chain is too long to be started', () => {
    const files = Array.from({ length: 30 }, (_, index) => `/img/${index}`)
    const deep = {
      ...withDisk(whole, {}, '/img/0'),
      files: Object.fromEntries(files.map((path, index) => [path, found(path, files[index + 1] ?? null)])),
    }
    expect(told(deep)).toContainEqual(expect.stringMatching(/^warn: vda has \d+ layers.*would run on/))
  })

  it('needs no room beside a block device where the overlay goes elsewhere, and refuses it beside one', () => {
    const block = {
      ...withDisk(whole, { sourceType: 'block', format: 'raw' }, '/dev/vg/a'),
      files: { '/dev/vg/a': found('/dev/vg/a', null) },
      allowedDirectories: ['/img'],
    }
    expect(told(block, { overlayDirectory: '/img' })).toEqual([])
    expect(told(block)).toContainEqual(expect.stringMatching(/^refused: vda: \/dev\/vg\/a is a block device/))
  })
})
