'use server'

import { redirect } from 'next/navigation'
import { isRefusal } from '@/lib/jobs/refusal'
import { audit } from '@/lib/access/audit'
import { requestFrom } from '@/lib/access/client-address'
import { writeDeviceCookie } from '@/lib/access/device-cookie'
import { takeSetupToken } from '@/lib/access/setup-link'
import { createSession } from '@/lib/access/sessions'
import { writeSessionCookie } from '@/lib/access/session-cookie'
import { ofNothing } from '@/lib/access/subjects'

/** Public by nature: the token is the permission. Works without JavaScript. */
export async function setUp(form: FormData): Promise<void> {
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' ? value : ''
  }
  const token = text('token')
  const user = await takeSetupToken(token, text('password')).catch((error: unknown) => {
    if (isRefusal(error)) return error
    throw error
  })
  if (isRefusal(user))
    redirect(`/setup/${encodeURIComponent(token)}${'password' in user.fields ? '?short' : ''}`)
  const from = await requestFrom()
  await audit(
    { user, act: 'setup-link.use', subject: ofNothing, input: {}, address: from.address },
    { result: 'ok' },
  )
  const { key } = await createSession(user.id, from)
  await writeSessionCookie(user, key)
  await writeDeviceCookie(user.id)
  redirect('/')
}
