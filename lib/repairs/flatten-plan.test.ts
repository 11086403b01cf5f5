import { expect, it } from 'vitest'
import { layersToFlatten } from './flatten-plan.ts'

const chain = (layers: number) => Array.from({ length: layers }, (_, index) => `l${index}`)

it('a chain that starts is left; a deeper one is cut from below, with no pull deeper than what starts', () => {
  expect(layersToFlatten(chain(25))).toEqual([])
  expect(layersToFlatten(chain(26))).toEqual(['l6'])
  expect(layersToFlatten(chain(44))).toEqual(['l24'])
  expect(layersToFlatten(chain(60))).toEqual(['l24', 'l40'])
  expect(layersToFlatten(chain(200)).at(-1)).toBe('l180')
})
