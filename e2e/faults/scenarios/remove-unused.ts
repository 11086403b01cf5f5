import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../../lib/testing/lab/run-command.ts'
import type { Scenario } from '../scenario.ts'

const UNUSED = 'web-vdb.forgotten'
/** What was made just now is not offered for removal. */
const AGE_MS = 3_600_000
const chains = { vda: ['web-vda.img', 'web-vda.s1'], vdb: ['web-vdb.qcow2', 'web-vdb.s1'] }

/** A forgotten overlay is removed by its repair, beside a guest that writes to another one on the same base. */
export const removeUnused: Scenario = {
  name: 'repair',
  prepare: async (guest) => {
    await guest.snapshot('s1')
    const path = join(guest.overlaysDir, UNUSED)
    await run('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-b',
      join(guest.basesDir, 'web-vdb.qcow2'),
      '-F',
      'qcow2',
      path,
    ])
    guest.lab.user.own(path)
    const at = new Date(Date.now() - AGE_MS)
    utimesSync(path, at, at)
  },
  begin: { act: 'repair', finding: 'orphan-overlay' },
  outcomes: [
    { name: 'removed', job: 'succeeded', chains, snapshots: ['s1'], data: 'all' },
    { name: 'not removed', job: 'stopped', chains, snapshots: ['s1'], data: 'all', unused: [UNUSED] },
  ],
}
