import type * as shares from '@/app/shares/actions'

/** The server actions on share links, handed down by the page. */
export interface ShareActs {
  create: typeof shares.createShare
  revoke: typeof shares.submitRevoke
}
