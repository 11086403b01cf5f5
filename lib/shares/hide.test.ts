import { expect, it } from 'vitest'
import type { DiskChain } from '../chains/types.ts'
import type { JobStep, JobView } from '../jobs/types.ts'
import type { SnapshotNode } from '../snapshots/types.ts'
import { shareChain, shareJob, shareSnapshot, shareSteps } from './hide.ts'
import { PathNames } from './path-names.ts'

const SECRET = '/srv/secret/web.qcow2'
const chain: DiskChain = {
  target: 'vda', device: 'disk', bus: 'virtio', readonly: false, shareable: false, qemuImgInfo: `image: ${SECRET}`, snapshotRefusal: `${SECRET} is read-only.`, job: null,
  layers: [{ path: SECRET, format: 'qcow2', virtualBytes: 1, allocatedBytes: 1, nodeIndex: 3, isActive: true, isBase: true, snapshots: ['s1'], sharedWith: [{ host: 'rack', vmUuid: 'u', vmName: 'other-vm', target: 'vda', running: true }], problems: [{ kind: 'missing', sentence: `${SECRET} is missing.` }] }],
}
const node: SnapshotNode = {
  name: 's2', description: `before ${SECRET}`, createdAtMs: 1, state: 'running', isCurrent: true, parent: 'sibling-1', children: ['sibling-2'], memory: 'no', deleteInProgress: false,
  disks: [{ target: 'vda', kind: 'external', overlayPath: '/srv/secret/web.s2', frozenPath: SECRET }], unproven: `${SECRET} is written to by vda of other-vm.`, revertRefusal: `${SECRET} …`, deleteRefusal: null,
}
const job: JobView = {
  id: 'j', kind: 'merge', host: 'rack', vmUuid: 'u', vmName: 'web', title: 'Merge vda: web.s2 into web.qcow2', status: 'failed', by: 'ann@example.org', createdAtMs: 1, endedAtMs: 2, percent: 5, note: `Copying ${SECRET}`,
  result: [`${SECRET} stays.`], error: `${SECRET}: no space`, canCancel: true, offers: [{ act: 'retry', sentence: SECRET }], limitBytesPerSecond: null,
}
const steps: JobStep[] = [{
  id: 1, run: 1, mode: 'do', name: 'merge web.s2', status: 'done', begunAtMs: 1, endedAtMs: 2, outcome: `["${SECRET}"]`,
  calls: [{ procedure: 'virDomainBlockCommit', virsh: `virsh -c 'qemu+ssh://ann@rack/system?a b' blockcommit web vda --top ${SECRET}`, xml: `<source file='${SECRET}'/>`, begunAtMs: 1, endedAtMs: 2, outcome: `can't open ${SECRET}` }],
}]

it('with paths hidden nothing of them, of other VMs, of siblings, of users and of hosts goes out', () => {
  const names = new PathNames(false)
  const out = JSON.stringify([shareChain(chain, names), shareSnapshot(node, names, { withFamily: false }), shareJob(job, names), shareSteps(steps, names)])
  for (const word of ['secret', 'srv', 'web.qcow2', 'web.s2', 'other-vm', 'sibling', 'ann', 'rack', 'retry', 'blockcommit']) expect(out).not.toContain(word)
  expect(shareJob(job, names).title).toBe('Merge vda: file 2 into file 1')
  expect(shareSnapshot(node, names, { withFamily: true }).children).toEqual(['sibling-2'])
})

it('with paths shown they go out, and still no other VM, user or host', () => {
  const names = new PathNames(true)
  const out = JSON.stringify([shareChain(chain, names), shareSnapshot(node, names, { withFamily: false }), shareJob(job, names), shareSteps(steps, names)])
  for (const word of ['other-vm', 'sibling', 'ann', 'rack', 'retry']) expect(out).not.toContain(word)
  expect(shareSteps(steps, names)[0]!.calls[0]).toMatchObject({ virsh: `virsh blockcommit web vda --top ${SECRET}`, xml: `<source file='${SECRET}'/>` })
  expect(shareChain(chain, names).qemuImgInfo).toContain(SECRET)
})
