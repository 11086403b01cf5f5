const REFUSAL = Symbol.for('keyframe.Refusal')

/**
 * An act that is not begun because it must not be: the message is a sentence for the user that says what and what to do.
 * `fields` gives messages for single form fields. Nothing was changed.
 */
export class Refusal extends Error {
  readonly [REFUSAL] = true
  readonly fields: Record<string, string>
  constructor(message: string, fields: Record<string, string> = {}) {
    super(message)
    this.name = 'Refusal'
    this.fields = fields
  }
}

/** True for a Refusal of any copy of this module: Next evaluates lib up to three times, where `instanceof` lies. */
export function isRefusal(error: unknown): error is Refusal {
  return typeof error === 'object' && error !== null && REFUSAL in error
}
