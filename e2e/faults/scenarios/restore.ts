import { RESTORED } from '../fault-guest.ts'
import type { Scenario } from '../scenario.ts'

const same = {
  chains: { vda: ['web-vda.img'], vdb: ['web-vdb.qcow2'] },
  snapshots: [],
  data: 'all' as const,
  backups: 1,
}

/** A backup becomes a new VM beside the one that it was made of, which writes on. */
export const restore: Scenario = {
  name: 'restore',
  prepare: async () => undefined,
  before: (_, act) => act({ act: 'backup-copy', disks: null }),
  begin: { act: 'restore', name: RESTORED },
  next: { act: 'backup-copy', disks: null },
  faults: ['app', 'libvirtd', 'qemu', 'cut', 'hang'],
  outcomes: [
    {
      name: 'restored',
      job: 'succeeded',
      ...same,
      restored: true,
      unused: [`${RESTORED}-vda.img`, `${RESTORED}-vdb.qcow2`],
    },
    { name: 'not restored', job: 'stopped', ...same, restored: false },
  ],
}
