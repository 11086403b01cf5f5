import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ASVS_LEVELS } from './asvs-numbers.ts'

// ASVS.md says what is true of Keyframe: each test that it cites must be there, and every requirement must have its line.

const root = fileURLToPath(new URL('../../', import.meta.url))
const text = readFileSync(`${root}lib/access/ASVS.md`, 'utf8')

type State = 'met' | 'does not apply' | 'open'
interface Line {
  numbers: string[]
  level: string
  how: string
  state: State
}

function stateOf(how: string): State {
  if (how.startsWith('**open**: ')) return 'open'
  return how.startsWith('does not apply: ') ? 'does not apply' : 'met'
}
const lines: Line[] = [...text.matchAll(/^\| (\d[\d., ]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$/gm)].map(
  ([, numbers, level, , how]) => ({
    numbers: numbers!.split(', '),
    level: level!,
    how: how!,
    state: stateOf(how!),
  }),
)

const spans = (of: string) => [...of.matchAll(/`([^`]+)`/g)].map(([, span]) => span!)
const citationsOf = (of: string) =>
  spans(of)
    .filter((span) => span.includes(' › '))
    .map((span) => {
      const [file, ...title] = span.split(' › ')
      return { file: file!, title: title.join(' › ') }
    })
/** Files besides tests that a line rests on. */
const filesOf = (of: string) =>
  spans(of).filter(
    (span) => !span.includes(' › ') && /^[\w.[\]/-]+\.(ts|tsx|md|conf|json)$|^\.deploy\/\w+$/.test(span),
  )

const escaped = (title: string) => title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
/** Whether a file names a test so, as a title of its own or that of `each`. */
const hasTest = (source: string, title: string) =>
  new RegExp(String.raw`(?:\b(?:it|test|describe)(?:\.\w+)*|[\])])\(\s*(['"\`])${escaped(title)}\1\s*,`).test(
    source,
  )

describe('ASVS.md', () => {
  it('has a line for every requirement of levels 1 and 2 of 5.0.0, once, with its level', () => {
    const all = lines.flatMap(({ numbers, level }) => numbers.map((number) => `${number} of level ${level}`))
    expect([...all].sort()).toEqual(
      [...ASVS_LEVELS].map(([number, level]) => `${number} of level ${level}`).sort(),
    )
    expect(text.split('\n').filter((line) => /^\| \d/.test(line))).toHaveLength(lines.length)
  })

  it('counts them as the standard does: 70 of level 1, 183 of level 2', () => {
    expect([1, 2].map((level) => [...ASVS_LEVELS.values()].filter((each) => each === level).length)).toEqual([
      70, 183,
    ])
  })

  it('cites tests that are there', () => {
    const cited = citationsOf(text)
    expect(cited.length).toBeGreaterThan(150)
    const missing = cited.filter(
      ({ file, title }) =>
        !/\.(test|spec)\.tsx?$/.test(file) ||
        !existsSync(root + file) ||
        !hasTest(readFileSync(root + file, 'utf8'), title),
    )
    expect(missing).toEqual([])
  })

  it('names files that are there', () => {
    expect(filesOf(text).filter((file) => !existsSync(root + file))).toEqual([])
  })

  it('has a test or a file for each line that is met, and words for each that is not', () => {
    expect(
      lines.filter(
        ({ how, state }) => state === 'met' && citationsOf(how).length + filesOf(how).length === 0,
      ),
    ).toEqual([])
    expect(
      lines.filter(
        ({ how, state }) => state !== 'met' && how.split(':').slice(1).join(':').trim().length < 4,
      ),
    ).toEqual([])
  })

  it('has the right counts at its head', () => {
    const count = (level: string, state: State) =>
      lines
        .filter((line) => line.level === level && line.state === state)
        .reduce((sum, { numbers }) => sum + numbers.length, 0)
    const rows = [...text.matchAll(/^\| level ([12]) \| (\d+) \| (\d+) \| (\d+) \|$/gm)].map(
      ([, level, ...counts]) => [level, ...counts.map(Number)],
    )
    expect(rows).toEqual(
      ['1', '2'].map((level) => [
        level,
        count(level, 'met'),
        count(level, 'does not apply'),
        count(level, 'open'),
      ]),
    )
  })
})

it('knows a test by its title alone', () => {
  const source =
    "it('is (so)', () => {\n  expect(say('is not')).toBe(1)\n})\nit.each([\n  1,\n])('of %i', () => {})\ntest.describe(\"two\", () => {})\nit(`a ${b}`, f)"
  expect(
    ['is (so)', 'of %i', 'two', 'a ${b}', 'is', 'is not', 'is (so', 'of 1', ''].map((title) =>
      hasTest(source, title),
    ),
  ).toEqual([true, true, true, true, false, false, false, false, false])
})
