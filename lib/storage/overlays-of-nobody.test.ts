import { expect, it } from 'vitest'
import { overlaysOn } from './overlays-of-nobody.ts'

it('finds what stands on a file, however many layers above, and ends in a loop', () => {
  const backing = new Map([
    ['/i/a', '/i/base'],
    ['/i/b', '/i/a'],
    ['/i/other', '/i/elsewhere'],
    ['/i/x', '/i/y'],
    ['/i/y', '/i/x'],
  ])
  expect(overlaysOn(backing, new Set(['/i/base']))).toEqual([
    { path: '/i/a', below: ['/i/base'] },
    { path: '/i/b', below: ['/i/a', '/i/base'] },
  ])
  expect(overlaysOn(backing, new Set(['/i/y'])).map(({ path }) => path)).toEqual(['/i/x', '/i/y'])
})
