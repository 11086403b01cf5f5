import { perProcess } from '../server/per-process.ts'

const shared = perProcess<{ wake?: () => void }>('notifications/wake', () => ({}))

/** Sets who is woken; null takes it away. */
export function setWake(wake: (() => void) | null): void {
  if (wake) shared.wake = wake
  else delete shared.wake
}

/** Something may be to be told or sent: look soon. */
export const wakeNotifications = (): void => shared.wake?.()
