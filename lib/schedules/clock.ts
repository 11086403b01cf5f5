/** Where the time comes from, and who is told that something changed: apart from the runs, which everything else here would import else. */
export interface Clock {
  /** Epoch ms. */
  now(): number
}

interface Shared {
  keyframeScheduleClock?: { clock: Clock; wake: () => void }
}
// Next evaluates this module up to three times in one process (lib/README.md, “Next.js”).
const shared = globalThis as Shared

/** Sets the clock of this process and who is woken; null takes both away. */
export function setClock(set: { clock: Clock; wake: () => void } | null): void {
  if (set) shared.keyframeScheduleClock = set
  else delete shared.keyframeScheduleClock
}

/** The instant that schedules go by, epoch ms. */
export const nowMs = (): number => shared.keyframeScheduleClock?.clock.now() ?? Date.now()

/** Schedules changed: look again at once. */
export const wakeSchedules = (): void => shared.keyframeScheduleClock?.wake()
