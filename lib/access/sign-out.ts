'use server'

import { redirect } from 'next/navigation'
import { audit } from './audit.ts'
import { requestFrom } from './client-address.ts'
import { currentSession } from './current-user.ts'
import { clearSessionCookie } from './session-cookie.ts'
import { revokeSession } from './sessions.ts'
import { ofNothing } from './subjects.ts'

/** Ends this session, here and on the server. */
export async function signOut(): Promise<void> {
  const session = await currentSession()
  if (session) {
    await revokeSession(session.user.id, session.id)
    await audit(
      {
        user: session.user,
        act: 'session.sign-out',
        subject: ofNothing,
        input: {},
        address: (await requestFrom()).address,
      },
      { result: 'ok' },
    )
  }
  await clearSessionCookie()
  redirect('/login')
}
