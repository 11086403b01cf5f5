/** Plans and rules: what they decide they decide on plain data. Lint keeps reading out of them; nine tenths of their branches must be tested without a lab. */
export const PURE_FILES = [
  'lib/hosts/next-start.ts',
  'lib/merges/file-fate.ts',
  'lib/merges/merge-effects.ts',
  'lib/snapshots/plan-delete.ts',
  'lib/snapshots/plan-revert.ts',
  'lib/snapshots/revert-rules.ts',
  'lib/snapshots/situation.ts',
  'lib/snapshots/snapshot-rules.ts',
  'lib/snapshots/tree-model.ts',
  'lib/storage/describe-use.ts',
  'lib/storage/same-file.ts',
  'lib/storage/sharers.ts',
]
