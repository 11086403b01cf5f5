import { expect, it } from 'vitest'
import { mergeDifferences, type MergeOutcome } from './merge-differences.ts'
import type { PlannedMerge } from './plan-merge.ts'

const plan = {
  target: 'vda',
  resultPaths: ['/i/base', '/i/c'],
  removedFiles: ['/i/a', '/i/b'],
  keptSnapshots: ['s3'],
  lostSnapshots: ['s1', 's2'],
} as unknown as PlannedMerge
const asPlanned: MergeOutcome = {
  paths: ['/i/base', '/i/c'],
  snapshots: ['s3'],
  removed: ['/i/b', '/i/a'],
}

it.each<[string, Partial<MergeOutcome>, RegExp[]]>([
  ['as planned', {}, []],
  ['a snapshot taken since', { paths: ['/i/base', '/i/c', '/i/d'], snapshots: ['s3', 's4'] }, []],
  [
    'a layer that is still there',
    { paths: ['/i/base', '/i/a', '/i/c'] },
    [/vda consists of base, c: it consists of base, a, c/],
  ],
  ['a file that stays', { removed: ['/i/b'] }, [/^The plan said that a goes: it stays\.$/]],
  ['a kept snapshot that is gone', { snapshots: [] }, [/still revert to s3: libvirt no longer lists it/]],
  ['a lost one that is listed', { snapshots: ['s1', 's2', 's3'] }, [/s1, s2 go: libvirt still lists them/]],
])('%s', (_, found, sentences) => {
  const differences = mergeDifferences(plan, { ...asPlanned, ...found })
  expect(differences).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)))
})
