import { formatInstant } from '@/components/format-time'
import { Instant } from '@/components/instant'

/** A moment, for server components. */
export const When = ({ ms }: { ms: number }) => <Instant ms={ms} server={formatInstant(ms)} />
