/** What an operation will do and what was checked before, as dialogs show it. Plain data; bytes and ms. */

export type CheckName =
  | 'state'
  | 'chain'
  | 'running jobs'
  | 'sharing'
  | 'templates'
  | 'space'
  | 'permissions'
  | 'security labels'
  | 'image locks'
  | 'agent'
  | 'formats'
  | 'restore points'
  | 'host version'
  | 'leftovers'

/** unknown: it can't be asked beforehand; the sentence says what happens if it is wrong. */
export type Verdict = 'ok' | 'warn' | 'refused' | 'unknown'

export interface PlanCheck {
  name: CheckName
  verdict: Verdict
  sentence: string
  /** What to do about it; null when there is nothing to do. */
  remedy: string | null
}

export interface PlanStep {
  sentence: string
  /** Copied by it; null when it copies nothing. */
  bytes: number | null
  expectedMs: number | null
}

export interface Plan {
  steps: PlanStep[]
  checks: PlanCheck[]
  /** What the expected time rests on, one sentence. */
  forecast: string
  /** Of what the plan rests on: the act sends it back and is refused when that changed meanwhile. */
  fingerprint: string
}
