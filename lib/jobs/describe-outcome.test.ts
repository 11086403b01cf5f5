import { expect, test } from 'vitest'
import { describeOutcome } from './describe-outcome.ts'

test.each([
  ['a sentence', 'The VM was off.', 'The VM was off.'],
  ['nothing to say', true, null],
  ['no by itself', false, null],
  ['the text of a file', '{"format":"keyframe-backup"}', null],
  ['bytes of a file', `${'QUJD'.repeat(20)}=`, null],
  ['parts that say nothing', { a: {}, b: [null], c: 1 }, 'c: 1'],
  ['keys that are data', { '/srv/webServer/a.qcow2': true }, '/srv/webServer/a.qcow2: yes'],
  ['a number by itself', 12, null],
  ['an id by itself', '0b8f2a5e-5a0c-4f0e-9f43-0c9a9f1f7a11', null],
  ['an object', { frozen: false, reason: 'no agent' }, 'frozen: no, reason: no agent'],
  ['names of parts, null ones left out', { virtualBytes: 64, backing: null }, 'virtual bytes: 64'],
  [
    'files',
    [
      { name: 'vda.qcow2', sha256: 'ab' },
      { name: 'domain.xml', sha256: 'cd' },
    ],
    '(name: vda.qcow2, sha256: ab), (name: domain.xml, sha256: cd)',
  ],
  ['paths', ['/a/b.qcow2', '/a/c.qcow2'], '/a/b.qcow2, /a/c.qcow2'],
  ['an empty list', [], 'none'],
  ['nothing in it', {}, null],
])('%s', (_, value, expected) => {
  expect(describeOutcome(value)).toBe(expected)
})
