import type { LiveEvent } from '../live/types.ts'
import { can } from './permissions.ts'
import type { User } from './users.ts'

/** Does an event reach the open pages of this user? */
export function hears(user: User, event: LiveEvent): boolean {
  switch (event.type) {
    case 'access':
      return event.userId === user.id
    case 'users':
      return can(user, 'user.list')
    case 'share':
      return can(user, 'share.list')
    // Each VM's page shows what was done to it; of everything else only the audit log tells.
    case 'audit':
      return can(user, event.vmUuid === null ? 'audit.read' : 'vm.read')
    case 'notifications':
      return can(user, 'notification.read')
    case 'backups':
      return can(user, 'backup.read')
    case 'host':
    case 'vm':
    case 'block-jobs':
    case 'job':
    case 'job-story':
    case 'signed-out':
    case 'reload':
      return can(user, 'live.read')
  }
}
