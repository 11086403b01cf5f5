/** Stands for this site while an address is resolved. */
const HERE = 'http://keyframe.invalid'

/**
 * A path of this site to go on to after sign-in; everything else gives "/": no open redirect. It is resolved as a browser
 * resolves it, for one slash at the start says little: `/.//evil.example` leads to `//evil.example`.
 */
export function safeNextPath(next: string | null | undefined): string {
  if (!next?.startsWith('/') || /[\\\p{Cc}]/u.test(next)) return '/'
  const url = URL.parse(next, HERE)
  if (url?.origin !== HERE || url.pathname.startsWith('//')) return '/'
  return url.pathname + url.search + url.hash
}

/** Address of the sign-in page that goes on to `next`. */
export function loginPath(next: string | null | undefined, error?: string): string {
  const query = new URLSearchParams()
  const path = safeNextPath(next)
  if (path !== '/') query.set('next', path)
  if (error) query.set('error', error)
  return query.size > 0 ? `/login?${query}` : '/login'
}
