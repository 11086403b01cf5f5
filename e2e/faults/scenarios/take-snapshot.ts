import type { Scenario } from '../scenario.ts'

/** Both disks at one moment, the guest frozen for it if its agent answers. */
export const takeSnapshot: Scenario = {
  name: 'snapshot',
  prepare: async () => undefined,
  begin: { act: 'snapshot', name: 'new', disks: ['vda', 'vdb'], quiesce: 'auto' },
  outcomes: [
    {
      name: 'taken',
      job: 'succeeded',
      chains: { vda: ['web-vda.img', 'web-vda.new'], vdb: ['web-vdb.qcow2', 'web-vdb.new'] },
      snapshots: ['new'],
      data: 'all',
    },
    {
      name: 'not taken',
      job: 'stopped',
      chains: { vda: ['web-vda.img'], vdb: ['web-vdb.qcow2'] },
      snapshots: [],
      data: 'all',
    },
  ],
}
