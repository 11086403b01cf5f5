'use server'

import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { checkPassword } from './check-password.ts'
import { loginPath, safeNextPath } from './next-path.ts'
import { createSession } from './sessions.ts'
import { writeSessionCookie } from './session-cookie.ts'

/** Form post of the sign-in page; works without JavaScript, so its answers are redirects. */
export async function signIn(form: FormData): Promise<void> {
  const text = (name: string) => { const value = form.get(name); return typeof value === 'string' ? value : '' }
  const next = safeNextPath(text('next'))
  const check = await checkPassword(text('username'), text('password'))
  if ('refused' in check) redirect(loginPath(next, check.refused))
  await writeSessionCookie(check.user, await createSession(check.user.id, (await headers()).get('user-agent') ?? ''))
  redirect(next)
}
