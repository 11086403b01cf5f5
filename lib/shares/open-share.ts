import 'server-only'
import { cookies } from 'next/headers'
import { cache } from 'react'
import { settings } from '../settings/settings.ts'
import { findShare } from './find-share.ts'
import type { Share } from './types.ts'
import { isUnlocked, unlockCookieName } from './unlock.ts'

/** What this request may have of a token's share: null when the link does not work. Looked up once a request; no session is asked for. */
export const openShare = cache(async (token: string): Promise<{ share: Share; unlocked: boolean } | null> => {
  const share = await findShare(token)
  return (
    share && {
      share,
      unlocked: isUnlocked(
        share,
        (await cookies()).get(unlockCookieName(settings().url.startsWith('https://')))?.value,
      ),
    }
  )
})
