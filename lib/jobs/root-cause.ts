/** The engine wraps what a step threw. */
export function rootCause(error: unknown): unknown {
  return error instanceof Error && error.name === 'StepError' && error.cause !== undefined
    ? error.cause
    : error
}
