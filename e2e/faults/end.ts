import type { JobAct, JobView } from '../../lib/jobs/types.ts'
import type { FaultGuest } from './fault-guest.ts'
import type { Fault } from './faults.ts'
import type { Reality } from './observe.ts'
import type { SavedScene } from './saved-scene.ts'
import type { Scenario } from './scenario.ts'
import type { SubjectProcess } from './subject-process.ts'
import type { PageView } from './subject-protocol.ts'

/** All that is known once a job has ended after a fault. */
export type End = {
  guest: FaultGuest
  scene: SavedScene
  scenario: Scenario
  mayStop: Fault['mayStop']
  job: JobView
  /** The way out that it was given, where it stopped for one. */
  chosen?: JobAct | undefined
  view: PageView
  reality: Reality
  vm: string
  /** The one that ended the job: a later act is asked of it. */
  app: SubjectProcess
}

/** Notes the sentence as a fault unless it holds. */
export type Must = (holds: boolean, sentence: string) => void
