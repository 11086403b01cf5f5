import { describe, expect, it } from 'vitest'
import { CHAIN_MAXIMUM, decideKind, type KindQuestion } from './decide-kind.ts'

const DAY_MS = 24 * 60 * 60_000
const NOW_MS = 100 * DAY_MS
const checkpoint = (name: string, changed: [string, number | null][]) => ({
  name,
  createdAtMs: 0,
  changedBytes: new Map(changed),
})
const question: KindQuestion = {
  parent: {
    id: 'b1',
    checkpoint: 'keyframe-b1',
    disks: [
      { target: 'vda', virtualBytes: 100 },
      { target: 'vdb', virtualBytes: 200 },
    ],
    check: 'unchecked',
    chainLength: 1,
    fullAtMs: NOW_MS - DAY_MS,
    unusable: null,
  },
  checkpoints: [
    checkpoint('keyframe-b1', [
      ['vda', 10],
      ['vdb', 0],
    ]),
  ],
  disks: [
    { target: 'vda', virtualBytes: 100 },
    { target: 'vdb', virtualBytes: 200 },
  ],
  fullEveryDays: 7,
  forceFull: false,
  nowMs: NOW_MS,
}

describe('decideKind', () => {
  it('takes only what changed where everything fits', () => {
    expect(decideKind(question)).toEqual({
      kind: 'increment',
      parentId: 'b1',
      checkpoint: 'keyframe-b1',
      changedBytes: 10,
    })
    expect(decideKind({ ...question, disks: [question.disks[0]!] }).kind).toBe('increment')
    expect(decideKind({ ...question, nowMs: question.parent!.fullAtMs + 7 * DAY_MS - 1 }).kind).toBe(
      'increment',
    )
    expect(
      decideKind({ ...question, parent: { ...question.parent!, chainLength: CHAIN_MAXIMUM - 1 } }).kind,
    ).toBe('increment')
  })

  it.each<[string, Partial<KindQuestion>, RegExp]>([
    ['asked for', { forceFull: true }, /asked for/],
    ['the first', { parent: null }, /first backup/],
    ['no checkpoint', { parent: { ...question.parent!, checkpoint: null } }, /left no checkpoint/],
    ['a damaged parent', { parent: { ...question.parent!, check: 'damaged' } }, /damaged/],
    [
      'a parent that is gone',
      { parent: { ...question.parent!, unusable: 'it has no manifest' } },
      /can’t be used: it has no manifest/,
    ],
    ['a full that is old', { nowMs: question.parent!.fullAtMs + 7 * DAY_MS }, /7 days old/],
    [
      'a chain that is long',
      { parent: { ...question.parent!, chainLength: CHAIN_MAXIMUM } },
      /has 23 increments/,
    ],
    ['a checkpoint that is gone', { checkpoints: [] }, /is gone from the VM/],
    [
      'a later one elsewhere',
      { checkpoints: [...question.checkpoints, checkpoint('keyframe-b2', [['vda', 1]])] },
      /keyframe-b2\) went to another target/,
    ],
    [
      'a new disk',
      { disks: [...question.disks, { target: 'vdc', virtualBytes: 1 }] },
      /vdc is not part of the last backup/,
    ],
    ['a resized disk', { disks: [{ target: 'vda', virtualBytes: 101 }] }, /vda was resized from 100 to 101/],
    [
      'a lost bitmap',
      {
        checkpoints: [
          checkpoint('keyframe-b1', [
            ['vda', 10],
            ['vdb', null],
          ]),
        ],
      },
      /vdb \(its dirty bitmap\) is lost/,
    ],
    [
      'a disk outside of the checkpoint',
      { checkpoints: [checkpoint('keyframe-b1', [['vda', 10]])] },
      /does not cover vdb/,
    ],
  ])('takes a full with the reason: %s', (_, change, reason) => {
    expect(decideKind({ ...question, ...change })).toEqual({
      kind: 'full',
      reason: expect.stringMatching(reason) as string,
    })
  })
})
