import type { JobKind } from './types.ts'

/** One recorded step of a saga. */
export interface Step<T> {
  /** Asks libvirt whether it is done already: its result, or null when it is not. */
  isDone?: () => Promise<T | null>
  do: () => Promise<T>
}

/** What a saga gets to work with. Values that steps return are recorded as JSON. */
export interface SagaContext<Input> {
  readonly jobId: string
  readonly input: Input
  /**
   * Runs one step at least once and records its result; a finished one is not repeated after a crash.
   * While its host is unreachable it waits and asks `isDone` again.
   */
  step<T>(name: string, step: Step<T>): Promise<T>
  /** Shows where the job stands: 0–100 or null, and one sentence. */
  progress(percent: number | null, note: string): Promise<void>
  /** Says whether Cancel can be pressed now. */
  allowCancel(allowed: boolean): Promise<void>
  /** True once someone asked to cancel. */
  cancelRequested(): Promise<boolean>
  /**
   * Waits for something of the outside: calls `look` until it gives a value. Not recorded; a look that fails because
   * the host is unreachable is repeated. The saga decides inside `look` what ends the wait.
   */
  waitFor<T>(name: string, look: () => Promise<T | null>, everyMs: number): Promise<T>
}

export interface Saga<Input> {
  readonly kind: JobKind
  /** Raised when the steps change in a way that a run begun before can't go on with. */
  readonly version: string
  /** Resolves with the lines of the outcome; throws Refusal, JobCancelled or any error. */
  run(context: SagaContext<Input>): Promise<string[]>
}

const CANCELLED = Symbol.for('keyframe.JobCancelled')

/** The job ended because someone cancelled it; the message says how things stand. */
export class JobCancelled extends Error {
  readonly [CANCELLED] = true
}

export const isJobCancelled = (error: unknown): error is JobCancelled => typeof error === 'object' && error !== null && CANCELLED in error
