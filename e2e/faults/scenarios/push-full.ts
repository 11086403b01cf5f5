import type { Scenario } from '../scenario.ts'

const same = { chains: { vda: ['web-vda.img'], vdb: ['web-vdb.qcow2'] }, snapshots: [], data: 'all' as const }

/** The first backup: QEMU pushes the whole qcow2 disk of a guest that writes. */
export const pushFull: Scenario = {
  name: 'push-full',
  prepare: (guest) => guest.fill(4),
  begin: { act: 'backup', disks: ['vdb'] },
  next: { act: 'backup', disks: ['vdb'] },
  outcomes: [
    { name: 'backed up', job: 'succeeded', ...same, backups: 1 },
    { name: 'not backed up', job: 'stopped', ...same, backups: 0 },
  ],
}
