import type { Scenario } from '../scenario.ts'

const after = { vda: ['web-vda.img', '*'], vdb: ['web-vdb.qcow2', '*'] }

/** Back to the snapshot while the guest runs; what it wrote since is kept by a safety snapshot. */
export const revert: Scenario = {
  name: 'revert',
  prepare: async (guest) => {
    await guest.snapshot('s1')
  },
  begin: { act: 'revert', snapshot: 's1', safety: true },
  outcomes: [
    { name: 'reverted', job: 'succeeded', chains: after, snapshots: ['s1', '*'], data: { snapshot: 's1' } },
    {
      name: 'not reverted',
      job: 'stopped',
      chains: { vda: ['web-vda.img', 'web-vda.s1'], vdb: ['web-vdb.qcow2', 'web-vdb.s1'] },
      snapshots: ['s1'],
      data: 'all',
    },
    {
      name: 'not reverted, safety snapshot there',
      job: 'stopped',
      chains: { vda: ['web-vda.img', 'web-vda.s1', '*'], vdb: ['web-vdb.qcow2', 'web-vdb.s1', '*'] },
      snapshots: ['s1', '*'],
      data: 'all',
    },
  ],
}
