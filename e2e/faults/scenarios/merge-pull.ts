import type { Scenario } from '../scenario.ts'

const vda = ['web-vda.img', 'web-vda.s1', 'web-vda.s2']

/** What lies below the active layer comes up into it, which then stands alone; restore points keep their files. */
export const mergePull: Scenario = {
  name: 'merge-pull',
  prepare: async (guest) => {
    await guest.snapshot('s1')
    await guest.fill(4)
    await guest.snapshot('s2')
  },
  begin: { act: 'merge', direction: 'pull', target: 'vdb' },
  outcomes: [
    {
      name: 'merged',
      job: 'succeeded',
      chains: { vda, vdb: ['web-vdb.s2'] },
      snapshots: ['s1', 's2'],
      data: 'all',
    },
    {
      name: 'not merged',
      job: 'stopped',
      chains: { vda, vdb: ['web-vdb.qcow2', 'web-vdb.s1', 'web-vdb.s2'] },
      snapshots: ['s1', 's2'],
      data: 'all',
    },
    // Only a guest that runs can be stopped for the flush that ends a pull: who resumes it is offered Retry.
    {
      name: 'pulled, not made safe',
      job: 'stopped',
      chains: { vda, vdb: ['web-vdb.s2'] },
      snapshots: ['s1', 's2'],
      data: 'all',
      after: 'a disk has failed',
    },
  ],
}
