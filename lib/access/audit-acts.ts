import { ACTS, ROLES, type Act } from './permissions.ts'

/** What is recorded though no role is asked for it. */
export const EVENTS = {
  'session.sign-in': 'sign in',
  'session.sign-out': 'sign out',
  'setup-link.use': 'choose a password by a one-time link',
  'user.recover': 'make a one-time link on the server',
  'refusals.more': 'be refused more often than is recorded',
} as const
export type AuditAct = Act | keyof typeof EVENTS

/** Reading is recorded only where it is refused, and nobody is refused what everyone may read. */
const isNeverRecorded = (act: Act) => /\.(list|read|plan)$/.test(act) && ACTS[act].by.length === ROLES.length

/** Every act that the audit log may hold, in the order in which a form offers them. */
export const AUDIT_ACTS: readonly AuditAct[] = [
  ...(Object.keys(ACTS) as Act[]).filter((act) => !isNeverRecorded(act)),
  ...(Object.keys(EVENTS) as (keyof typeof EVENTS)[]),
]

/** An act in plain words; one that an older Keyframe recorded under another name stays as it is. */
export function auditWords(act: string): string {
  const words = wordsOf(act)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function wordsOf(act: string): string {
  if (Object.hasOwn(ACTS, act)) return ACTS[act as Act].words
  return Object.hasOwn(EVENTS, act) ? EVENTS[act as keyof typeof EVENTS] : act
}
