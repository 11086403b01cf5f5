import { describe, expect, it } from 'vitest'
import { found, need } from '../testing/situation-of.ts'
import { changedTemplate, isOnlyTemplate, refuseInternal, whyStays, type Fates } from './file-fate.ts'

const fates = (more: Partial<Fates> = {}): Fates => ({
  host: 'lab',
  layers: ['/g', '/a', '/b'].map((path) => ({ path })),
  files: {},
  sharers: () => [],
  overlayOn: () => null,
  doubt: null,
  own: new Set(['/a', '/b']),
  removeTemplates: false,
  ...more,
})

const inside = (path: string, ...names: string[]): Fates['files'] => ({
  [path]: found(path, null, { internalSnapshots: names.map((name) => ({ name })) } as never),
})

describe('what a merge no longer needs', () => {
  it.each<[string, Fates, string | null, boolean]>([
    ['goes where it is the VM’s own', fates({ own: new Set(['/g']) }), null, false],
    ['stays as a template', fates(), 'it is a template', true],
    ['goes as a template where that is asked for', fates({ removeTemplates: true }), null, true],
    [
      'stays where nobody may write to it',
      fates({
        own: new Set(['/g']),
        files: { '/g': found('/g', null, { permissions: { mode: 0o444, owner: 0, group: 0 } } as never) },
      }),
      'it is a template',
      true,
    ],
    [
      'stays for another VM, asked for or not',
      fates({ removeTemplates: true, sharers: () => [need({ host: 'two' })] }),
      'vda of the VM db on two needs it',
      false,
    ],
    [
      'stays where another VM may need it',
      fates({ sharers: () => [need({ host: 'two', isSure: false })] }),
      'vda of the VM db on two may need it',
      false,
    ],
    [
      'goes as the VM’s own, whatever another VM has lost',
      fates({ own: new Set(['/g']), doubt: 'c has lost b.' }),
      null,
      false,
    ],
    [
      'stays as a template that a VM which has lost a layer may stand on, asked for or not',
      fates({ removeTemplates: true, doubt: 'c has lost b.' }),
      'it is a template that another VM may stand on. c has lost b',
      true,
    ],
    [
      'stays for an image that no VM has',
      fates({ removeTemplates: true, overlayOn: () => '/c2' }),
      '/c2, which no VM has, stands on it',
      false,
    ],
    [
      'stays with what is inside it',
      fates({ removeTemplates: true, files: inside('/g', 'i1', 'i2') }),
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

it('a commit that takes away a file with snapshots inside is refused, of its own chain or of a branch', () => {
  const holding = fates({ files: inside('/x', 'i1') })
  expect(refuseInternal(holding, ['/a', '/x'])).toMatch(
    /\/x holds the internal snapshot i1, which a commit would destroy/,
  )
  expect(refuseInternal(holding, ['/a'])).toBeNull()
})
