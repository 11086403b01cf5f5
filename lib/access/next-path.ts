/** A path of this site to go on to after sign-in; everything else gives "/": no open redirect. */
export function safeNextPath(next: string | null | undefined): string {
  if (!next || !next.startsWith('/') || next.startsWith('//') || /[\\\p{Cc}]/u.test(next)) return '/'
  return next
}

/** Address of the sign-in page that goes on to `next`. */
export function loginPath(next: string | null | undefined, error?: string): string {
  const query = new URLSearchParams()
  const path = safeNextPath(next)
  if (path !== '/') query.set('next', path)
  if (error) query.set('error', error)
  return query.size > 0 ? `/login?${query}` : '/login'
}
