'use server'

import { redirect } from 'next/navigation'
import { authenticate } from './authenticate.ts'
import { requestFrom } from './client-address.ts'
import { readDeviceCookie, writeDeviceCookie } from './device-cookie.ts'
import { loginPath, safeNextPath } from './next-path.ts'
import { writeSessionCookie } from './session-cookie.ts'

/** Form post of the sign-in page; works without JavaScript, so its answers are redirects. */
export async function signIn(form: FormData): Promise<void> {
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' ? value : ''
  }
  const next = safeNextPath(text('next'))
  const answer = await authenticate(
    text('username'),
    text('password'),
    await requestFrom(),
    await readDeviceCookie(),
  )
  if ('refused' in answer) redirect(loginPath(next, answer.refused))
  await writeSessionCookie(answer.user, answer.sessionKey)
  await writeDeviceCookie(answer.user.id)
  redirect(next)
}
