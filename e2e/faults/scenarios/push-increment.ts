import type { Scenario } from '../scenario.ts'

const same = { chains: { vda: ['web-vda.img'], vdb: ['web-vdb.qcow2'] }, snapshots: [], data: 'all' as const }

/** What changed since a full goes on top of it, and the full's checkpoint goes. */
export const pushIncrement: Scenario = {
  name: 'push-increment',
  prepare: async () => undefined,
  async before(guest, act) {
    await act({ act: 'backup', disks: ['vdb'] })
    await guest.fill(4)
  },
  begin: { act: 'backup', disks: ['vdb'] },
  next: { act: 'backup', disks: ['vdb'] },
  outcomes: [
    { name: 'backed up', job: 'succeeded', ...same, backups: 2 },
    { name: 'not backed up', job: 'stopped', ...same, backups: 1 },
  ],
}
