import type { Scenario } from '../scenario.ts'

const same = { chains: { vda: ['web-vda.img'], vdb: ['web-vdb.qcow2'] }, snapshots: [], data: 'all' as const }

/** Snapshot, copy, merge of a raw and a qcow2 disk: however it ends, the overlays are merged back. */
export const copyBackup: Scenario = {
  name: 'copy-backup',
  prepare: async () => undefined,
  begin: { act: 'backup-copy', disks: null },
  next: { act: 'backup-copy', disks: null },
  outcomes: [
    { name: 'backed up', job: 'succeeded', ...same, backups: 1 },
    { name: 'not backed up', job: 'stopped', ...same, backups: 0 },
    // All three tries to merge back fell into the fault, and a fourth has to wait for a person.
    {
      name: 'not backed up, undone',
      job: 'stopped',
      ...same,
      backups: 0,
      after: 'a disk has failed',
      chosen: 'undo',
    },
  ],
}
