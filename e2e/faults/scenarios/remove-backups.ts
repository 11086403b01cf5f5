import type { Scenario } from '../scenario.ts'

/** A full and its increment go, the backup after them stays. It touches the target alone. */
export const removeBackups: Scenario = {
  name: 'backup-remove',
  prepare: async () => undefined,
  async before(_, act) {
    for (const full of [true, false, true]) await act({ act: 'backup', disks: ['vdb'], full })
  },
  begin: { act: 'backup-remove' },
  next: { act: 'backup', disks: ['vdb'] },
  faults: ['app', 'libvirtd', 'qemu', 'cut', 'hang'],
  outcomes: [
    {
      name: 'removed',
      job: 'succeeded',
      chains: { vda: ['web-vda.img'], vdb: ['web-vdb.qcow2'] },
      snapshots: [],
      data: 'all',
      backups: 1,
    },
  ],
}
