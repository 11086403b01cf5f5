import 'server-only'
import { cookies } from 'next/headers'
import { deriveKey } from '../secrets/derive-key.ts'
import { settings } from '../settings/settings.ts'
import { store } from '../store/store.ts'
import { deviceCookieName } from './cookie-names.ts'
import { DEVICE_LIFETIME_MS, withDevice } from './device-token.ts'

const secure = () => settings().url.startsWith('https://')

/** By which browsers are known; undefined where there is none. */
export const readDeviceCookie = async (): Promise<string | undefined> =>
  (await cookies()).get(deviceCookieName(secure()))?.value

/** Remembers that this browser has had the password of this user. It opens nothing: its wrong tries are counted by themselves. */
export async function writeDeviceCookie(userId: string): Promise<void> {
  const row = await store()
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', userId)
    .executeTakeFirst()
  if (!row) return
  const user = { id: userId, passwordHash: row.password_hash }
  const value = withDevice(deriveKey('devices'), await readDeviceCookie(), user, Date.now())
  ;(await cookies()).set(deviceCookieName(secure()), value, {
    httpOnly: true,
    sameSite: 'lax',
    secure: secure(),
    path: '/',
    maxAge: DEVICE_LIFETIME_MS / 1000,
  })
}
