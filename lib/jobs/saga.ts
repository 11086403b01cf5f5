import type { JobKind, JobOffer } from './types.ts'
import type { LogCall } from './step-log.ts'

/** One recorded step of a saga. */
export interface Step<T> {
  /** Asks libvirt whether it is done already: its result, or null when it is not. */
  isDone?: () => Promise<T | null>
  /** Makes its calls to libvirt through `call`, which records each before it is made. */
  do: (call: LogCall) => Promise<T>
}

/** What a saga gets to work with. Values that steps return are recorded as JSON. */
export interface SagaContext<Input> {
  readonly jobId: string
  readonly input: Input
  /** 1 for the first run; a retry, a resume or an undo is a run of its own, which asks libvirt anew at every step. */
  readonly run: number
  /** ms that it stood in the queue of its host before this run. */
  readonly waitedMs: number
  /**
   * Runs one step at least once and records its result; a finished one is not repeated after a crash.
   * While its host is unreachable it waits and asks `isDone` again.
   */
  step<T>(name: string, step: Step<T>): Promise<T>
  /**
   * What `keep` kept in any run of this job, or undefined. What a saga must know of its own past is kept before it acts: a step's name is what
   * people read, and may be reworded.
   */
  kept(key: string): Promise<unknown>
  /** Keeps a value through all runs of the job; written before it resolves. */
  keep(key: string, value: string | number | boolean | null): Promise<void>
  /** Shows where the job stands: 0–100 or null, and one sentence. */
  progress(percent: number | null, note: string): Promise<void>
  /** Says whether Cancel can be pressed now. */
  allowCancel(allowed: boolean): Promise<void>
  /** True once someone asked to cancel. */
  cancelRequested(): Promise<boolean>
  /** Says which ways a person can choose while the job runs ("pause", "unlimit"); an empty list takes them back. */
  offer(offers: readonly JobOffer[]): Promise<void>
  /** What a person chose of them, or null; asked for, it is taken. */
  takeRequest(): Promise<string | null>
  /** Says where the outcome differs from the plan that was shown, a sentence each: the job is then done, but not as planned. */
  differ(sentences: readonly string[]): Promise<void>
  /** Records how much was copied: forecasts of later jobs rest on it. */
  copied(bytes: number): Promise<void>
  /**
   * Waits for something of the outside: calls `look` until it gives a value, every `everyMs`, sooner at first. Without
   * `everyMs` the look waits by itself, for a watch say. Not recorded; a look that fails because
   * the host is unreachable is repeated. The saga decides inside `look` what ends the wait.
   */
  waitFor<T>(name: string, look: () => Promise<T | null>, everyMs?: number): Promise<T>
}

export interface Saga<Input> {
  readonly kind: JobKind
  /** Raised when the input changes in a way that the steps can't go on with. */
  readonly version: string
  /** It copies much: such jobs wait in a queue for each host. */
  readonly copies?: boolean
  /** It leaves its VM alone: other jobs may work on that meanwhile, and only its locks count. */
  readonly apart?: boolean
  /** False where beginning again later would do what nobody was shown: the act is then planned anew in its dialog. */
  readonly canRetry?: boolean
  /** Versions of before whose jobs this one finishes: what became of their input. Their steps are asked of libvirt anew. */
  readonly takesOver?: Readonly<Record<string, (input: unknown) => object>>
  /** Resolves with the lines of the outcome; throws Refusal, JobCancelled, JobStopped or any error. */
  run(context: SagaContext<Input>): Promise<string[]>
  /** Takes back what an unfinished run did; absent where nothing can be taken back. */
  undo?(context: SagaContext<Input>): Promise<string[]>
  /** What undoing would do now, one sentence; null when there is nothing to undo. Asked when a run has failed. */
  offerUndo?(input: Input): Promise<string | null>
}

const CANCELLED = Symbol.for('keyframe.JobCancelled')
const STOPPED = Symbol.for('keyframe.JobStopped')

/** The job ended because someone cancelled it; the message says how things stand. */
export class JobCancelled extends Error {
  readonly [CANCELLED] = true
}

/** Neither going on nor undoing is safe without a person: the message says exactly what stands where. */
export class JobStopped extends Error {
  readonly [STOPPED] = true
  readonly offers: readonly JobOffer[]
  constructor(message: string, offers: readonly JobOffer[]) {
    super(message)
    this.offers = offers
  }
}

export const isJobCancelled = (error: unknown): error is JobCancelled =>
  typeof error === 'object' && error !== null && CANCELLED in error
export const isJobStopped = (error: unknown): error is JobStopped =>
  typeof error === 'object' && error !== null && STOPPED in error
