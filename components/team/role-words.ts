import { ROLE_SENTENCES, ROLES, type Role } from '@/lib/access/permissions'

/** All that a role may do, where it stands by itself: a form that lists every role says of each what it adds. */
export function roleWords(role: Role): string {
  if (role === 'viewer') return ROLE_SENTENCES.viewer
  const added = ROLES.slice(1, ROLES.indexOf(role) + 1).map((each) =>
    ROLE_SENTENCES[each].replace(/^also /, ''),
  )
  return ['sees everything', ...added].join('; ')
}
