import { expect, it } from 'vitest'
import { mergeStory } from './merge-story.ts'

const PATHS = ['web.img', 'web.first', 'web.second', 'web.third'].map((name) => `/images/${name}`)
const [BASE, FIRST, SECOND, THIRD] = PATHS as [string, string, string, string]

it('a commit names what is written, and into what', () => {
  const commit = (topPath: string) => mergeStory({ direction: 'commit', topPath, basePath: BASE }, PATHS)
  expect([commit(FIRST), commit(SECOND), commit(THIRD)]).toEqual([
    'The data of web.first is written into web.img.',
    'The data of web.first and web.second is written into web.img.',
    'The data of web.first … web.third is written into web.img.',
  ])
})

it('a pull names what is written, and what stays below', () => {
  const pull = (basePath: string | null) => mergeStory({ direction: 'pull', topPath: THIRD, basePath }, PATHS)
  expect([pull(null), pull(FIRST)]).toEqual([
    'The data of web.img … web.second is written into web.third, which then stands alone.',
    'The data of web.second is written into web.third; web.first stays below it.',
  ])
})

it('layers that came after the page was read have no name yet', () => {
  expect(mergeStory({ direction: 'commit', topPath: '/images/new', basePath: THIRD }, PATHS)).toBe(
    'The data of the layers between is written into web.third.',
  )
})
