import { expect, it } from 'vitest'
import { describeUse, nameNeed } from './describe-use.ts'
import type { Use } from './types.ts'

const need = (more: Partial<Use>): Use => ({
  host: 'one',
  vmUuid: 'b',
  vmName: 'db',
  running: false,
  kind: 'disk',
  target: 'vda',
  isOther: false,
  snapshot: null,
  ...more,
})

it.each<[Partial<Use>, string, string]>([
  [{}, 'vda of the VM db', 'vda'],
  [{ host: 'two' }, 'vda of the VM db on two', 'vda'],
  [{ kind: 'next start' }, 'vda of the VM db at its next start', 'vda at its next start'],
  [{ kind: 'snapshot', snapshot: 's1' }, 'the snapshot s1 of the VM db', 'snapshot s1'],
  [{ kind: 'memory', target: null }, 'the saved state of the VM db', 'saved state'],
  [{ kind: 'memory', snapshot: 's1' }, 'the memory of the snapshot s1 of the VM db', 'memory of snapshot s1'],
  [{ kind: 'configuration', target: null }, 'the configuration of the VM db', 'configuration'],
  [{ kind: 'configuration', snapshot: 's1' }, 'the snapshot s1 of the VM db', 'snapshot s1'],
])('%o is “%s”', (more, sentence, name) => {
  expect(describeUse(need(more), 'one')).toBe(sentence)
  expect(nameNeed(need(more))).toBe(name)
})
