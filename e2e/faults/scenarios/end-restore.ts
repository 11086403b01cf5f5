import { NAME } from '../fault-guest.ts'
import { endQemu } from '../saved-scene.ts'
import type { Outcome, Scenario } from '../scenario.ts'

const OLD = ['web-vda.img', 'web-vdb.qcow2']
const restored = { vda: ['*'], vdb: ['*'] }
/** Off all the time: there is no QEMU to kill. */
const scene: Pick<Scenario, 'prepare' | 'before' | 'next' | 'off' | 'faults'> = {
  prepare: async () => undefined,
  async before(guest, act) {
    await act({ act: 'backup-copy', disks: null })
    await endQemu(guest)
    await act({ act: 'restore-in-place', insist: NAME })
  },
  next: { act: 'backup-copy', disks: null },
  off: true,
  faults: ['app', 'libvirtd', 'cut', 'hang'],
}
const notEnded: Outcome = {
  name: 'not ended',
  job: 'stopped',
  chains: restored,
  snapshots: [],
  data: 'backup',
  backups: 1,
  unused: OLD,
}

/** After a restore in place the restored disks were right: the old ones go. */
export const keepRestored: Scenario = {
  name: 'restore-keep',
  ...scene,
  begin: { act: 'restore-end', keep: 'restored' },
  outcomes: [
    { name: 'kept', job: 'succeeded', chains: restored, snapshots: [], data: 'backup', backups: 1 },
    notEnded,
  ],
}

/** The old ones were: the VM starts from them again, and the restored ones go. */
export const putOldBack: Scenario = {
  name: 'restore-put-back',
  ...scene,
  begin: { act: 'restore-end', keep: 'old' },
  outcomes: [
    {
      name: 'put back',
      job: 'succeeded',
      chains: { vda: ['web-vda.img'], vdb: ['web-vdb.qcow2'] },
      snapshots: [],
      data: 'all',
      backups: 1,
    },
    notEnded,
  ],
}
