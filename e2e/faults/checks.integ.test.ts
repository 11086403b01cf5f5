import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Fault } from './faults.ts'
import { NAME } from './fault-guest.ts'
import { fillFileSystem } from './full-file-system.ts'
import { runCase } from './run-case.ts'
import { SCENARIOS } from './scenarios.ts'
import { qemuIo } from '../../lib/testing/lab/qemu-io.ts'
import { CASE_LIMIT_MS, onStage } from './survives.ts'

const stage = onStage()

it(
  'the checks see what is wrong: a record changed in a frozen layer, one lost, a file that nothing uses',
  async () => {
    const scenario = SCENARIOS.find(({ name }) => name === 'delete')!
    const saboteur: Fault = {
      name: 'saboteur',
      what: 'someone writes to a frozen layer and to the disk, and leaves a file',
      async apply({ guest }) {
        const base = join(guest.basesDir, 'web-vda.img')
        const { atime, mtime } = statSync(base)
        const bytes = readFileSync(base)
        const file = openSync(base, 'r+')
        const recordAt = bytes.indexOf('0000000005 17')
        writeSync(file, Buffer.from('0000099999'), 0, 10, recordAt)
        closeSync(file)
        // Else Keyframe says "unproven", which is right, and then nobody may rely on it.
        utimesSync(base, atime, mtime)
        await qemuIo(guest.lab, 'web', 0, `write -P 32 ${recordAt} 64`)
        writeFileSync(join(guest.overlaysDir, 'left-behind'), '')
      },
    }
    const { faults } = await runCase(stage(), scenario, 'saboteur', {
      place: { step: 'tidy', at: 'recorded' },
      fault: saboteur,
    })
    expect(faults.join('\n')).toMatch(/the snapshot s1 lacks records 5,/)
    expect(faults.join('\n')).toMatch(
      /the snapshot s1 holds .* on vda, it froze .*, and the page does not call it unproven/,
    )
    expect(faults.join('\n')).toMatch(/vda lacks 1 records from 5 on/)
    expect(faults.join('\n')).toContain('files that nothing uses: left-behind')
  },
  CASE_LIMIT_MS,
)

it(
  'the checks see what is wrong with backups: a byte changed, half a directory, a checkpoint of none',
  async () => {
    const scenario = SCENARIOS.find(({ name }) => name === 'push-increment')!
    const saboteur: Fault = {
      name: 'saboteur',
      what: 'someone changes a backup, and leaves a directory and a checkpoint',
      async apply({ guest }) {
        const [id] = readdirSync(guest.backupsDir)
          .filter((name) => name.startsWith('web-'))
          .sort()
        const file = openSync(join(guest.backupsDir, id!, 'domain.xml'), 'r+')
        writeSync(file, Buffer.from('?'), 0, 1, 100)
        closeSync(file)
        mkdirSync(join(guest.backupsDir, 'half'))
        await guest.lab.virsh(
          'checkpoint-create-as',
          NAME,
          'left',
          '--diskspec',
          'vda,checkpoint=no',
          '--diskspec',
          'vdb,checkpoint=bitmap',
        )
      },
    }
    const { faults } = await runCase(stage(), scenario, 'saboteur of backups', {
      place: { step: 'let older checkpoints go', at: 'recorded' },
      fault: saboteur,
    })
    expect(faults.join('\n')).toMatch(/web-\S+ is not as it was written/)
    expect(faults.join('\n')).toMatch(/the target holds half, web-/)
    expect(faults.join('\n')).toContain('checkpoints of no backup: left')
  },
  CASE_LIMIT_MS,
)

it(
  'the checks see a job that waits for a decision which no fault asks for',
  async () => {
    const scenario = SCENARIOS.find(({ name }) => name === 'copy-backup')!
    const saboteur: Fault = {
      name: 'saboteur',
      what: 'the disk of the bases is full, and none of the faults after which a job may wait is named',
      lastsMs: 30_000,
      apply: ({ guest }) => fillFileSystem(guest.basesDir),
    }
    const { faults } = await runCase(stage(), scenario, 'saboteur of merges', {
      place: { step: 'copy vdb', at: 'recorded' },
      fault: saboteur,
    })
    expect(faults.join('\n')).toMatch(
      /the job waits for a decision \(undo\) that nothing asks for, .*The overlay of vdb .* could not be merged back/,
    )
  },
  CASE_LIMIT_MS,
)
