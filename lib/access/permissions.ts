/** From the least to the most: each may do what the ones before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** What each role is for, as the forms that give one say it. */
export const ROLE_SENTENCES: Record<Role, string> = {
  viewer: 'sees everything, changes nothing',
  operator:
    'also takes, merges, reverts and deletes snapshots, starts and stops VMs, repairs, backs up, restores, makes share links',
  admin: 'also manages users, backup targets and notifications, and reads the audit log',
}

const EVERYONE: readonly Role[] = ROLES
const OPERATORS: readonly Role[] = ['operator', 'admin']
const ADMINS: readonly Role[] = ['admin']

/**
 * The one place where roles are decided: every act that a page, a server action, a route or the event stream asks for, who
 * may do it, and its name in plain words. What is not listed here does not compile, and nobody may do it.
 */
export const ACTS = {
  'vm.list': { by: EVERYONE, words: 'see the VMs' },
  'vm.read': { by: EVERYONE, words: 'see a VM' },
  'check.read': { by: EVERYONE, words: 'check a host or a VM' },
  'job.list': { by: EVERYONE, words: 'see the jobs' },
  'job.read': { by: EVERYONE, words: 'see a job' },
  'live.read': { by: EVERYONE, words: 'follow changes' },
  'account.read': { by: EVERYONE, words: 'see one’s own account' },
  'account.change-password': { by: EVERYONE, words: 'change one’s own password' },
  'account.end-session': { by: EVERYONE, words: 'end one of one’s own sessions' },
  'account.end-other-sessions': { by: EVERYONE, words: 'end one’s own other sessions' },

  'snapshot.plan': { by: OPERATORS, words: 'plan a snapshot' },
  'snapshot.create': { by: OPERATORS, words: 'take a snapshot' },
  'revert.plan': { by: OPERATORS, words: 'plan a revert' },
  'snapshot.revert': { by: OPERATORS, words: 'revert to a snapshot' },
  'delete.plan': { by: OPERATORS, words: 'plan the delete of a snapshot' },
  'snapshot.delete': { by: OPERATORS, words: 'delete a snapshot' },
  'merge.plan': { by: OPERATORS, words: 'plan a merge' },
  'situation.plan': { by: OPERATORS, words: 'download what Keyframe sees of a VM' },
  'merge.start': { by: OPERATORS, words: 'merge layers' },
  'merge.bandwidth': { by: OPERATORS, words: 'limit a merge or a copy' },
  'vm.power': { by: OPERATORS, words: 'start, stop or thaw a VM' },
  'repair.start': { by: OPERATORS, words: 'repair' },
  'job.cancel': { by: OPERATORS, words: 'cancel a job' },
  'job.way-out': { by: OPERATORS, words: 'choose how a job goes on' },
  'block-job.cancel': { by: OPERATORS, words: 'cancel a block job that was begun elsewhere' },
  'block-job.pivot': { by: OPERATORS, words: 'pivot a block job that was begun elsewhere' },

  'backup.read': { by: EVERYONE, words: 'see the backups' },
  'backup.plan': { by: OPERATORS, words: 'plan a backup or a restore' },
  'backup.start': { by: OPERATORS, words: 'back up a VM' },
  'backup.check': { by: OPERATORS, words: 'check a backup' },
  'backup.restore': { by: OPERATORS, words: 'restore a backup as a new VM' },
  'backup.restore-in-place': { by: OPERATORS, words: 'restore a backup in place' },
  'backup.end-restore': { by: OPERATORS, words: 'end a restore in place' },
  'backup.remove': { by: OPERATORS, words: 'remove backups' },
  'target.add': { by: ADMINS, words: 'add a backup target' },
  'target.read-anew': { by: ADMINS, words: 'rescan a backup target' },
  'target.adopt': { by: ADMINS, words: 'adopt backups of another Keyframe' },
  'target.remove': { by: ADMINS, words: 'remove a backup target' },
  'schedule.plan': { by: OPERATORS, words: 'plan a schedule' },
  'schedule.save': { by: OPERATORS, words: 'save a schedule of backups' },
  'schedule.remove': { by: OPERATORS, words: 'remove a schedule of backups' },
  'protection.leave-out': { by: OPERATORS, words: 'leave a VM out of protection' },
  'protection.protect-again': { by: OPERATORS, words: 'protect a VM again that was left out' },
  'share.list': { by: OPERATORS, words: 'see the share links' },
  'share.create': { by: OPERATORS, words: 'make a share link' },
  'share.revoke': { by: OPERATORS, words: 'revoke a share link' },

  'user.list': { by: ADMINS, words: 'see the users' },
  'user.invite': { by: ADMINS, words: 'invite a user' },
  'user.withdraw': { by: ADMINS, words: 'withdraw an invitation' },
  'user.change-role': { by: ADMINS, words: 'change a user’s role' },
  'user.disable': { by: ADMINS, words: 'disable a user' },
  'user.enable': { by: ADMINS, words: 'enable a user' },
  'user.new-link': { by: ADMINS, words: 'make a one-time link for a user' },
  'user.end-session': { by: ADMINS, words: 'end a session of a user' },
  'user.end-sessions': { by: ADMINS, words: 'end all sessions of a user' },
  'notification.read': { by: ADMINS, words: 'see the notification channels' },
  'notification.save': { by: ADMINS, words: 'save a notification channel' },
  'notification.remove': { by: ADMINS, words: 'remove a notification channel' },
  'notification.test': { by: ADMINS, words: 'send a test notification' },
  'audit.read': { by: ADMINS, words: 'read the audit log' },
} as const satisfies Record<string, { by: readonly Role[]; words: string }>
export type Act = keyof typeof ACTS

/** May this user do this act? */
export const can = (user: { role: Role }, act: Act): boolean =>
  Object.hasOwn(ACTS, act) && (ACTS[act].by as readonly Role[]).includes(user.role)

/** Every act that this user may do: pages show no button for another. */
export const actsOf = (user: { role: Role }): Act[] =>
  (Object.keys(ACTS) as Act[]).filter((act) => can(user, act))

const ARTICLES: Record<Role, string> = { viewer: 'a viewer', operator: 'an operator', admin: 'an admin' }

/** Why a user may not do an act, a sentence; null when they may. */
export function whyNot(user: { role: Role }, act: Act): string | null {
  if (can(user, act)) return null
  const able = Object.hasOwn(ACTS, act) ? ACTS[act].by : []
  const words = Object.hasOwn(ACTS, act) ? ACTS[act].words : 'do this'
  return `Your role is ${user.role}, which may not ${words}${able.length > 0 ? `: ${able.map((role) => ARTICLES[role]).join(' or ')} may` : ''}. Nothing was done.`
}
