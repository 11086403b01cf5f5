import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files of a minute and more, longest first: begun last, one of them would run on alone when all others have ended. */
const LONG = [
  'lib/repairs/repairs.integ.test.ts',
  'lib/backups/copy/copy.integ.test.ts',
  'lib/snapshots/revert-and-delete.integ.test.ts',
  'e2e/faults/restore-faults.integ.test.ts',
  'lib/merges/merge.integ.test.ts',
  'lib/snapshots/create-snapshot.integ.test.ts',
  'e2e/faults/snapshot-faults.integ.test.ts',
  'e2e/faults/backup-faults.integ.test.ts',
  'e2e/faults/merge-faults.integ.test.ts',
  'lib/backups/crash.integ.test.ts',
  'lib/backups/targets/hostile-target.integ.test.ts',
]

const rank = ({ moduleId }: TestSpecification) => {
  const index = LONG.findIndex((file) => moduleId.endsWith(`/${file}`))
  return index === -1 ? LONG.length : index
}

/** Vitest's own order, by the times of the last run, where one is remembered; a fresh machine, as CI has it, knows none. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
