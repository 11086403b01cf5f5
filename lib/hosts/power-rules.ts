import { stateWords } from './state-words.ts'
import type { VmState } from './types.ts'

export type PowerAct = 'start' | 'shutdown' | 'force-off' | 'resume' | 'wake-up' | 'thaw'

/** The states in which each act is legal (libvirt 11.3, src/qemu/qemu_driver.c: each call checks the same). */
const LEGAL: Record<PowerAct, readonly VmState[]> = {
  start: ['shut off', 'crashed'],
  shutdown: ['running', 'blocked'],
  'force-off': ['running', 'blocked', 'paused', 'shutting down', 'crashed', 'pmsuspended'],
  resume: ['paused'],
  'wake-up': ['pmsuspended'],
  thaw: ['running', 'blocked'],
}
const NAMES: Record<PowerAct, string> = {
  start: 'started',
  shutdown: 'shut down',
  'force-off': 'forced off',
  resume: 'resumed',
  'wake-up': 'woken up',
  thaw: 'thawed',
}

/** Why a VM in this state can't be acted on; null when it can. Page and action use the same answer. */
export function powerRefusal(act: PowerAct, state: VmState): string | null {
  return LEGAL[act].includes(state) ? null : `A VM that is ${stateWords(state)} can’t be ${NAMES[act]}.`
}
