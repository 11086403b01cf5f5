/**
 * The Content-Security-Policy of a page: scripts run when they carry this answer's nonce, or are loaded by one that does
 * (Next puts the nonce of the request's own header on its scripts). Styles may stand in the page: React writes them as
 * attributes, and Radix as elements.
 *
 * `dev`: `next dev` evaluates source text, for stack traces among others.
 */
export function pagePolicy(nonce: string, dev: boolean): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${dev ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
  ].join('; ')
}

/** The policy of what is no page: nothing runs, and nobody frames it. The same stands in next.config.js, for files of the build. */
export const NOTHING_POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

const YEAR_SECONDS = 31_536_000

/**
 * Strict-Transport-Security for the address that browsers use, or null where that is not https. `withSubdomains`: the names
 * below it, too, which is for its owner to say: one of them may speak http alone.
 */
export function strictTransport(url: string, withSubdomains: boolean): string | null {
  return url.startsWith('https://')
    ? `max-age=${YEAR_SECONDS}${withSubdomains ? '; includeSubDomains' : ''}`
    : null
}
