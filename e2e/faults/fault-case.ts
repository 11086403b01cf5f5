import { createHash } from 'node:crypto'
import type { Boundary } from '../../lib/jobs/boundaries.ts'
import { FAULTS, type Fault } from './faults.ts'
import type { Scenario } from './scenario.ts'

export type Place = Pick<Boundary, 'step' | 'at'>

/** One fault at one boundary of one scenario. */
export type FaultCase = { scenario: Scenario; place: Place; fault: Fault }

/** A boundary, named the same in every run: a backup's name holds the time. */
export const placeOf = ({ step, at }: Boundary): Place => ({
  step: step.replaceAll(/\bweb-\d{8}T\d{6}Z-[0-9a-f]{4}/g, 'a backup'),
  at,
})

export const placeName = (place: Place) => `${place.step} ${place.at}`
/** What --only looks in, e.g. "merge-active: begin vda acted: libvirtd". */
export const caseName = ({ scenario, place, fault }: FaultCase) =>
  `${scenario.name}: ${placeName(place)}: ${fault.name}`

/** Every fault that means something to it at every boundary. */
export const casesOf = (scenario: Scenario, places: readonly Place[]): FaultCase[] =>
  places.flatMap((place) =>
    FAULTS.filter(({ name }) => scenario.faults?.includes(name) ?? true).map((fault) => ({
      scenario,
      place,
      fault,
    })),
  )

/** The case with its name in one string: for the cut that npm test runs. */
export function caseNamed(name: string, scenarios: readonly Scenario[]): FaultCase {
  const [scenarioName, at, faultName] = name.split(': ')
  const scenario = scenarios.find((each) => each.name === scenarioName)
  const fault = FAULTS.find((each) => each.name === faultName)
  const found = /^(.*) (before|acted|recorded|waiting)$/.exec(at ?? '')
  if (!scenario || !fault || !found) throw new Error(`There is no fault case “${name}”.`)
  return { scenario, fault, place: { step: found[1]!, at: found[2] as Place['at'] } }
}

/** Mixed, and the same each time: a run that is stopped early has seen something of everything. */
export function mixed<T>(all: readonly T[], nameOf: (each: T) => string): T[] {
  const rank = (each: T) => createHash('md5').update(nameOf(each)).digest('hex')
  return all
    .map((each) => ({ each, rank: rank(each) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ each }) => each)
}
