import 'server-only'
import { publish } from '../live/hub.ts'

/** Tells open pages that a user's role or sessions changed: their own take it to heart at once, and the list of users is read again. */
export function announceAccess(userId: string): void {
  publish({ type: 'access', userId })
  publish({ type: 'users' })
}
