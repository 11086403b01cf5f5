import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { DiskChain } from '../chains/types.ts'
import type { JobCall } from '../jobs/types.ts'
import type { SnapshotNode } from '../snapshots/types.ts'
import { shareChain, shareSnapshot } from './hide.ts'
import { jobSubject } from './job-subject.ts'
import { jobTitle, stepWords } from './job-words.ts'
import { PathNames } from './path-names.ts'
import { shownCall } from './shown-calls.ts'

const SECRET = '/srv/secret/web.qcow2'
const chain: DiskChain = {
  target: 'vda',
  device: 'disk',
  bus: 'virtio',
  readonly: false,
  shareable: false,
  snapshotRefusal: `${SECRET} is read-only.`,
  job: null,
  qemuImgInfo: `image: ${SECRET}\nbacking file: nbd://rack:10809/base\nbacking file format: raw\n\nqemu-img: can’t be read on rack: denied to ann`,
  layers: [
    {
      path: SECRET,
      format: 'qcow2',
      virtualBytes: 1,
      allocatedBytes: 1,
      nodeIndex: 3,
      isActive: true,
      isBase: true,
      snapshots: ['s1'],
      internalSnapshots: [],
      isReadOnly: false,
      sharedWith: [{ host: 'rack', vmUuid: 'u', vmName: 'other-vm', need: 'vda', running: true }],
      problems: [{ kind: 'missing', sentence: `${SECRET} is missing.` }],
    },
  ],
}
const node: SnapshotNode = {
  name: 's2',
  description: `before ${SECRET}`,
  createdAtMs: 1,
  state: 'running',
  isCurrent: true,
  parent: 'sibling-1',
  children: ['sibling-2'],
  memory: 'no',
  deleteInProgress: false,
  disks: [{ target: 'vda', kind: 'external', overlayPath: '/srv/secret/web.s2', frozenPath: SECRET }],
  unproven: `${SECRET} is written to by vda of other-vm.`,
  revertRefusal: `${SECRET} …`,
  deleteRefusal: null,
}

it('with paths hidden nothing of them, of other VMs, of siblings, of users and of hosts goes out', () => {
  const names = new PathNames(false)
  const out = JSON.stringify([shareChain(chain, names), shareSnapshot(node, names, { withFamily: false })])
  for (const word of ['secret', 'srv', 'web.qcow2', 'web.s2', 'other-vm', 'sibling', 'ann', 'rack'])
    expect(out).not.toContain(word)
  expect(shareSnapshot(node, names, { withFamily: true }).children).toEqual(['sibling-2'])
})

it('with paths shown they go out, and still no other VM, user or host', () => {
  const names = new PathNames(true)
  const out = JSON.stringify([shareChain(chain, names), shareSnapshot(node, names, { withFamily: false })])
  for (const word of ['other-vm', 'sibling', 'ann', 'rack']) expect(out).not.toContain(word)
  expect(shareChain(chain, names).qemuImgInfo).toBe(
    `image: ${SECRET}\nbacking file: not a file of this machine\nbacking file format: raw\n\nqemu-img: This layer can’t be read.`,
  )
})

it('titles of jobs hold the kind, disks, snapshots, and files as they are called in pictures', () => {
  const title = (kind: Parameters<typeof jobTitle>[0], input: unknown, shown = false) =>
    jobTitle(kind, jobSubject(kind, input), new PathNames(shown))
  const plans = [{ target: 'vda', topPath: '/a/web.s2', basePath: SECRET, direction: 'commit' }]
  expect([title('merge', { plans }), title('merge', { plans }, true)]).toEqual([
    'Merge vda: file 2 into file 1',
    'Merge vda: web.s2 into web.qcow2',
  ])
  expect(
    title('merge', { plans: [{ target: 'sdb', topPath: '/a', basePath: null, direction: 'pull' }] }),
  ).toBe('Merge sdb: file 1 with all below')
  expect([
    title('snapshot', { request: { name: 's2', disks: [] } }),
    title('revert', { snapshot: 's2' }),
    title('delete', { order: ['s3', 's2'] }),
    title('shutdown', { act: 'force-off' }),
    title('repair', { plan: { act: 'flatten', target: 'vda' } }),
  ]).toEqual([
    'Take snapshot s2',
    'Revert to s2',
    'Delete s2 with its children',
    'Force off',
    'Shorten the chain of vda',
  ])
  for (const broken of [
    null,
    3,
    'x',
    [],
    { plans: 'x' },
    { plans: [null] },
    { request: null },
    { order: [1] },
    { plan: [] },
  ])
    for (const kind of ['merge', 'snapshot', 'delete', 'repair', 'backup'] as const)
      expect(title(kind, broken)).not.toBe('')
})

it('command lines and XML go out when every part of them is the VM’s own', () => {
  const subject = { ...jobSubject('snapshot', { request: { name: 's 2', disks: [{ target: 'vda' }] } }) }
  const call = (change: Partial<JobCall>): JobCall => ({
    procedure: 'virDomainBlockCommit',
    virsh: 'virsh -c qemu:///system start --domain web',
    xml: null,
    begunAtMs: 1,
    endedAtMs: 2,
    outcome: 'ok',
    ...change,
  })
  const line = (virsh: string) =>
    shownCall(call({ virsh }), { kind: 'merge', vmName: 'web', vmUuid: '0-0' }, subject, true).virsh
  expect(
    line(
      `virsh -c 'qemu+ssh://ann@rack/system?a b' blockcommit --domain web --path vda --base '/srv/my disks/web.qcow2' --active --bandwidth 5 --bytes`,
    ),
  ).toBe(
    `virsh blockcommit --domain web --path vda --base '/srv/my disks/web.qcow2' --active --bandwidth 5 --bytes`,
  )
  expect(line(`virsh -c qemu:///system snapshot-revert --domain web --snapshotname 's 2' --running`)).toBe(
    `virsh snapshot-revert --domain web --snapshotname 's 2' --running`,
  )
  for (const other of [
    'virsh -c qemu:///system start --domain payroll',
    'virsh -c qemu:///system snapshot-delete --domain web --snapshotname other',
    'virsh -c qemu:///system migrate --domain web',
    'virsh -c qemu:///system start --domain web rack',
    'virsh -c qemu:///system vol-delete --vol nbd://rack/x',
    'ssh rack virsh',
    'virsh start --domain web',
    `virsh -c qemu:///system start --domain 'web`,
    'virsh -c qemu:///system create domain.xml --paused',
  ])
    expect([other, line(other)]).toEqual([other, ''])
  const xml = (text: string) =>
    shownCall(call({ xml: text }), { kind: 'snapshot', vmName: 'web', vmUuid: '0-0' }, subject, true).xml
  const disks = `<disks><disk name='vda' snapshot='external' type='file'><driver type='qcow2'/><source file='/srv/my disks/web.s2'/></disk></disks>`
  expect(
    xml(`<domainsnapshot><name>s 2</name><description>for ann</description>${disks}</domainsnapshot>`),
  ).toBe(`<domainsnapshot><name>s 2</name>${disks}</domainsnapshot>`)
  for (const other of [
    `<domainsnapshot><name>s 2</name>${disks}<domain><name>web</name></domain></domainsnapshot>`,
    `<domainsnapshot><name>other</name>${disks}</domainsnapshot>`,
    '<domain><name>s 2</name></domain>',
    '<!-- rack --><domainsnapshot><name>s 2</name></domainsnapshot>',
    `<domainsnapshot><name>s 2</name><disks><disk name='rack'/></disks></domainsnapshot>`,
    `<domainsnapshot><name>s 2</name><disks><disk name='vda'><source protocol='nbd' name='rack'/></disk></disks></domainsnapshot>`,
  ])
    expect([other, xml(other)]).toEqual([other, null])
  for (const kind of ['backup', 'backup-copy', 'restore', 'backup-remove'] as const)
    expect(
      shownCall(
        call({ xml: `<domainsnapshot><name>s 2</name></domainsnapshot>` }),
        { kind, vmName: 'web', vmUuid: '0-0' },
        subject,
        true,
      ),
    ).toMatchObject({ virsh: '', xml: null })
  expect(shownCall(call({}), { kind: 'merge', vmName: 'web', vmUuid: '0-0' }, subject, false)).toMatchObject({
    virsh: '',
    xml: null,
    outcome: 'ok',
  })
})

it('every step of every saga has words of its own here', () => {
  const files = ['merges', 'snapshots', 'repairs', 'backups', 'hosts'].flatMap((folder) => {
    const path = new URL(`../${folder}/`, import.meta.url)
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('test'))
      .map((name) => readFileSync(new URL(name, path), 'utf8'))
  })
  const found = files.flatMap((text) =>
    [...text.matchAll(/\bstep(?:<[^(]*>)?\(\s*('[^'\n]+'|`[^`\n]+`)\s*,\s*\{/g)].map(([, name]) =>
      name!.slice(1, -1),
    ),
  )
  expect(found.length).toBeGreaterThan(60)
  const subject = { act: '', targets: [], snapshots: [], merges: [] }
  const unknown = found.filter((template) => {
    const name = template
      .replaceAll(/\$\{suffix\}/g, '')
      .replaceAll(/\$\{(?:\w+\.)?target\}/g, 'vda')
      .replaceAll(/\$\{(?:\w+\.)?path\}/g, '/a b/c')
      .replaceAll(/\$\{[^}]*\}/g, 'a name')
    return stepWords(name, subject) === 'a step'
  })
  expect(unknown).toEqual([])
})
