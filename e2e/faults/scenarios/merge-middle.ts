import type { Scenario } from '../scenario.ts'

const vda = ['web-vda.img', 'web-vda.s1', 'web-vda.s2', 'web-vda.s3']

/** The second of three overlays goes down into the first, below a guest that writes to the third. */
export const mergeMiddle: Scenario = {
  name: 'merge-middle',
  prepare: async (guest) => {
    await guest.snapshot('s1', 's2')
    await guest.fill(4)
    await guest.snapshot('s3')
  },
  begin: { act: 'merge', direction: 'commit', target: 'vdb', top: 'web-vdb.s2', base: 'web-vdb.s1' },
  outcomes: [
    {
      name: 'merged',
      job: 'succeeded',
      chains: { vda, vdb: ['web-vdb.qcow2', 'web-vdb.s1', 'web-vdb.s3'] },
      snapshots: ['s1', 's3'],
      data: 'all',
    },
    {
      name: 'not merged',
      job: 'stopped',
      chains: { vda, vdb: ['web-vdb.qcow2', 'web-vdb.s1', 'web-vdb.s2', 'web-vdb.s3'] },
      snapshots: ['s1', 's2', 's3'],
      data: 'all',
    },
  ],
}
