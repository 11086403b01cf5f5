import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultsDir } from './evidence.ts'
import type { Place } from './fault-case.ts'

/** `key`: the case's name with its saga's version: a new version is run anew. */
export type KeptResult = {
  scenario: string
  fault: string
  passed: boolean
  outcome: string
  said: string
  faults: string[]
  recoveryMs: number
  tookMs: number
  atMs: number
}
/** `places` by scenario and version: what its dry run found. */
type Kept = { places: Record<string, Place[]>; results: Record<string, KeptResult> }

/** What earlier runs found, kept after every case: a run that is stopped goes on there. */
export class Results {
  readonly #file = join(faultsDir(), 'results.json')
  #kept: Kept = this.#read()

  #read(): Kept {
    return existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Kept)
      : { places: {}, results: {} }
  }

  get(key: string): KeptResult | undefined {
    return this.#kept.results[key]
  }
  places(key: string): Place[] | undefined {
    return this.#kept.places[key]
  }

  keep(key: string, result: KeptResult): void {
    this.#change((kept) => {
      kept.results[key] = result
    })
  }

  keepPlaces(key: string, places: Place[]): void {
    this.#change((kept) => {
      kept.places[key] = places
    })
  }

  /** Read anew each time: another run may work beside this one. */
  #change(change: (kept: Kept) => void): void {
    this.#kept = this.#read()
    change(this.#kept)
    mkdirSync(faultsDir(), { recursive: true })
    writeFileSync(`${this.#file}.${process.pid}`, JSON.stringify(this.#kept, undefined, 1))
    renameSync(`${this.#file}.${process.pid}`, this.#file)
  }
}
