import { expect, it } from 'vitest'
import { layersToFlatten } from './flatten-plan.ts'

const chain = (layers: number) =>
  Array.from({ length: layers }, (_, index) => ({ path: `l${index}`, format: 'qcow2' }))
const paths = (layers: number) => layersToFlatten(chain(layers)).map((receiver) => receiver.path)

it('a chain that starts is left; a deeper one is cut from below, with no pull deeper than what starts', () => {
  expect(paths(25)).toEqual([])
  expect(paths(26)).toEqual(['l6'])
  expect(paths(44)).toEqual(['l24'])
  expect(paths(60)).toEqual(['l24', 'l40'])
  expect(paths(200).at(-1)).toBe('l180')
  const [first, second] = layersToFlatten(chain(60))
  expect([first!.below[0]!.path, first!.below.at(-1)!.path]).toEqual(['l23', 'l0'])
  // The first stands alone by then.
  expect([second!.below[0]!.path, second!.below.at(-1)!.path]).toEqual(['l39', 'l24'])
})
