import type { Scenario } from '../scenario.ts'

const before = {
  vda: ['web-vda.img', 'web-vda.s1', 'web-vda.s2'],
  vdb: ['web-vdb.qcow2', 'web-vdb.s1', 'web-vdb.s2'],
}

/** libvirt merges what the snapshot froze into the layer below, on both disks of a running guest. */
export const deleteSnapshot: Scenario = {
  name: 'delete',
  prepare: async (guest) => {
    await guest.snapshot('s1')
    await guest.fill(4)
    await guest.snapshot('s2')
  },
  begin: { act: 'delete', snapshot: 's2' },
  outcomes: [
    {
      name: 'deleted',
      job: 'succeeded',
      chains: { vda: ['web-vda.img', 'web-vda.s1'], vdb: ['web-vdb.qcow2', 'web-vdb.s1'] },
      snapshots: ['s1'],
      data: 'all',
    },
    { name: 'not deleted', job: 'stopped', chains: before, snapshots: ['s1', 's2'], data: 'all' },
    {
      name: 'half deleted',
      job: 'stopped',
      chains: { vda: ['web-vda.img', 'web-vda.s1'], vdb: before.vdb },
      snapshots: ['s1', 's2'],
      data: 'all',
    },
    {
      name: 'half deleted, the other half',
      job: 'stopped',
      chains: { vda: before.vda, vdb: ['web-vdb.qcow2', 'web-vdb.s1'] },
      snapshots: ['s1', 's2'],
      data: 'all',
    },
  ],
}
