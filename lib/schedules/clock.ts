import { perProcess } from '../server/per-process.ts'

/** Where the time comes from, and who is told that something changed: apart from the runs, which everything else here would import else. */
export interface Clock {
  /** Epoch ms. */
  now(): number
}

const shared = perProcess<{ current?: { clock: Clock; wake: () => void } }>('schedules/clock', () => ({}))

/** Sets the clock of this process and who is woken; null takes both away. */
export function setClock(set: { clock: Clock; wake: () => void } | null): void {
  if (set) shared.current = set
  else delete shared.current
}

/** The instant that schedules go by, epoch ms. */
export const nowMs = (): number => shared.current?.clock.now() ?? Date.now()

/** Schedules changed: look again at once. */
export const wakeSchedules = (): void => shared.current?.wake()
