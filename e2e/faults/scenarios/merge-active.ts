import type { Scenario } from '../scenario.ts'

const before = { vda: ['web-vda.img', 'web-vda.s1'], vdb: ['web-vdb.qcow2', 'web-vdb.s1'] }
const after = { vda: ['web-vda.img'], vdb: ['web-vdb.qcow2'] }

/** The active layers of both disks go down into their bases, one of them raw. */
export const mergeActive: Scenario = {
  name: 'merge-active',
  prepare: async (guest) => {
    await guest.snapshot('s1')
    await guest.fill(4)
  },
  begin: { act: 'merge', direction: 'commit' },
  outcomes: [
    { name: 'merged', job: 'succeeded', chains: after, snapshots: [], data: 'all' },
    { name: 'not merged', job: 'stopped', chains: before, snapshots: ['s1'], data: 'all' },
    {
      name: 'vda merged',
      job: 'stopped',
      chains: { vda: after.vda, vdb: before.vdb },
      snapshots: [],
      data: 'all',
    },
  ],
}
