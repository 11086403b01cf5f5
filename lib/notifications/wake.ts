interface Shared {
  keyframeNotificationWake?: () => void
}
// Next evaluates this module up to three times in one process (lib/README.md, “Next.js”).
const shared = globalThis as Shared

/** Sets who is woken; null takes it away. */
export function setWake(wake: (() => void) | null): void {
  if (wake) shared.keyframeNotificationWake = wake
  else delete shared.keyframeNotificationWake
}

/** Something may be to be told or sent: look soon. */
export const wakeNotifications = (): void => shared.keyframeNotificationWake?.()
