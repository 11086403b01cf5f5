import { NAME } from '../fault-guest.ts'
import { endQemu } from '../saved-scene.ts'
import type { Scenario } from '../scenario.ts'

const before = { vda: ['web-vda.img'], vdb: ['web-vdb.qcow2'] }

/** A VM that is off gets the disks of a backup; its old ones are kept. */
export const restoreInPlace: Scenario = {
  name: 'restore-in-place',
  prepare: async () => undefined,
  async before(guest, act) {
    await act({ act: 'backup-copy', disks: null })
    await endQemu(guest)
  },
  begin: { act: 'restore-in-place', insist: NAME },
  next: { act: 'backup-copy', disks: null },
  off: true,
  faults: ['app', 'libvirtd', 'cut', 'hang'],
  outcomes: [
    {
      name: 'restored',
      job: 'succeeded',
      chains: { vda: ['*'], vdb: ['*'] },
      snapshots: [],
      data: 'backup',
      backups: 1,
      unused: ['web-vda.img', 'web-vdb.qcow2'],
    },
    { name: 'not restored', job: 'stopped', chains: before, snapshots: [], data: 'all', backups: 1 },
  ],
}
