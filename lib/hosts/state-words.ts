import type { VmState } from './types.ts'

/** A VM's state as the end of a sentence that begins with its name and "is". */
export const stateWords = (state: VmState): string =>
  state === 'pmsuspended' ? 'asleep by its own power management' : state
