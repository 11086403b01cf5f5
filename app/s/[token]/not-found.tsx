import { DeadLink } from '@/components/shares/dead-link'

/** One answer for a link that was never made, has ended, was revoked, or was mistyped. */
export default function NotFound() {
  return <DeadLink />
}
