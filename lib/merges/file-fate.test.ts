import { describe, expect, it } from 'vitest'
import type { ChainLayer } from '../chains/types.ts'
import type { FoundUse } from '../storage/file-users.ts'
import { changedTemplate, isOnlyTemplate, refuseInternal, whyStays, type Fates } from './file-fate.ts'

const layer = (path: string, more: Partial<ChainLayer> = {}): ChainLayer => ({
  path,
  format: 'qcow2',
  virtualBytes: 1,
  allocatedBytes: 1,
  nodeIndex: null,
  isActive: false,
  isBase: false,
  snapshots: [],
  internalSnapshots: [],
  isReadOnly: false,
  sharedWith: [],
  problems: [],
  ...more,
})
const need = (isSure: boolean): FoundUse => ({
  host: 'two',
  vmUuid: 'v',
  vmName: 'db',
  running: false,
  kind: 'disk',
  target: 'vda',
  isOther: false,
  snapshot: null,
  isSure,
  path: '/g',
})
const fates = (more: Partial<Fates> = {}): Fates => ({
  host: 'lab',
  layers: [layer('/g'), layer('/a'), layer('/b')],
  sharers: () => [],
  own: new Set(['/a', '/b']),
  removeTemplates: false,
  ...more,
})

describe('what a merge no longer needs', () => {
  it.each<[string, Fates, string | null, boolean]>([
    ['goes where it is the VM’s own', fates({ own: new Set(['/g']) }), null, false],
    ['stays as a template', fates(), 'it is a template', true],
    ['goes as a template where that is asked for', fates({ removeTemplates: true }), null, true],
    [
      'stays where nobody may write to it',
      fates({ own: new Set(['/g']), layers: [layer('/g', { isReadOnly: true })] }),
      'it is a template',
      true,
    ],
    [
      'stays for another VM, asked for or not',
      fates({ removeTemplates: true, sharers: () => [need(true)] }),
      'vda of the VM db on two needs it',
      false,
    ],
    [
      'stays where another VM may need it',
      fates({ sharers: () => [need(false)] }),
      'vda of the VM db on two may need it',
      false,
    ],
    [
      'stays with what is inside it',
      fates({ removeTemplates: true, layers: [layer('/g', { internalSnapshots: ['i1', 'i2'] })] }),
      'it holds the internal snapshots i1, i2',
      false,
    ],
  ])('%s', (_, given, reason, onlyTemplate) => {
    expect(whyStays('/g', given)).toBe(reason)
    expect(isOnlyTemplate('/g', given)).toBe(onlyTemplate)
  })
})

it('a commit changes a template where it writes to one or below one', () => {
  expect(changedTemplate(fates(), 0, 2)).toBe('/g')
  expect(changedTemplate(fates(), 1, 2)).toBeNull()
  expect(changedTemplate(fates({ own: new Set(['/g', '/b']) }), 0, 2)).toBe('/a')
})

it('a commit of layers with snapshots inside is refused, one into such a base is not', () => {
  const inside = (path: string) =>
    fates({
      layers: fates().layers.map((each) =>
        each.path === path ? { ...each, internalSnapshots: ['i1'] } : each,
      ),
    })
  expect(refuseInternal(inside('/a'), 0, 2)).toMatch(
    /\/a holds the internal snapshot i1, which a commit would destroy/,
  )
  expect(refuseInternal(inside('/g'), 0, 2)).toBeNull()
})
