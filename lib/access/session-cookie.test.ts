import { createHash, hkdfSync } from 'node:crypto'
import { EncryptJWT, UnsecuredJWT } from 'jose'
import { encode } from 'next-auth/jwt'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { deriveKey } from '../secrets/derive-key.ts'
import { forgetSettings } from '../settings/settings.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { readSessionCookie, writeSessionCookie } from './session-cookie.ts'
import { createSession, readSession } from './sessions.ts'
import { createUser, type User } from './users.ts'
import { deviceCookieName } from './cookie-names.ts'

interface Written {
  name: string
  value: string
  options: Record<string, unknown>
}
const jar = vi.hoisted(() => ({
  written: [] as { name: string; value: string; options: Record<string, unknown> }[],
  sent: new Map<string, string>(),
}))
vi.mock('next/headers', () => ({
  cookies: async () => ({
    get: (name: string) => (jar.sent.has(name) ? { name, value: jar.sent.get(name) } : undefined),
    set: (name: string, value: string, options: Record<string, unknown>) => {
      jar.written.push({ name, value, options })
      jar.sent.set(name, value)
    },
  }),
}))

const FROM = { address: '198.51.100.1', agent: '' }
const [DAYS_31_MS, PLAIN] = [31 * 86_400_000, 'keyframe-session']
let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
let ann: User

function reachedBy(url: string | null) {
  if (url === null) delete process.env.KEYFRAME_URL
  else process.env.KEYFRAME_URL = url
  forgetSettings()
}
beforeEach(async () => {
  jar.written.length = 0
  jar.sent.clear()
  temporary = await openTemporaryStore()
  ann = await createUser('ann', 'a good password', 'admin')
})
afterEach(async () => {
  vi.useRealTimers()
  reachedBy(null)
  await temporary.remove()
})
const signIn = async (user: User) => {
  const { id, key } = await createSession(user.id, FROM)
  await writeSessionCookie(user, key)
  return { id, key }
}

it('over https the cookie is for this name, TLS and the server alone', async () => {
  reachedBy('https://keyframe.example')
  await signIn(ann)
  const [{ name, options }] = jar.written as [Written]
  expect([name, options]).toEqual([
    '__Host-keyframe-session',
    { httpOnly: true, sameSite: 'lax', secure: true, path: '/', maxAge: 30 * 86_400 },
  ])
  expect(deviceCookieName(true)).toMatch(/^__Host-/)
})

it('whoever signs in gets a new key, and the session that the browser had before ends', async () => {
  const bob = await createUser('bob', 'a good password', 'viewer')
  const elsewhere = await createSession(ann.id, FROM)
  const first = await signIn(ann)
  expect(await readSessionCookie()).toBe(first.key)
  const second = await signIn(bob)
  expect(second.key).not.toBe(first.key)
  expect(await readSessionCookie()).toBe(second.key)
  expect([
    await readSession(first.id),
    await readSession(second.id),
    await readSession(elsewhere.id),
  ]).toEqual([null, bob, ann])
})

it('each key is of its own, and of 192 random bits', async () => {
  const keys = await Promise.all(
    Array.from({ length: 50 }, async () => (await createSession(ann.id, FROM)).key),
  )
  expect(new Set(keys).size).toBe(50)
  for (const key of keys) expect(Buffer.from(key, 'base64url')).toHaveLength(24)
})

it('a token is taken with our key, our algorithm and in its time, and no other', async () => {
  const { key } = await signIn(ann)
  const token = jar.sent.get(PLAIN)!
  const claims = { sub: ann.id, sid: key }
  // As next-auth makes its key of the secret.
  const used = new Uint8Array(
    hkdfSync('sha256', deriveKey('sessions'), '', 'NextAuth.js Generated Encryption Key', 32),
  )
  const made = (alg: string, enc = 'A256GCM') =>
    new EncryptJWT(claims)
      .setProtectedHeader({ alg, enc })
      .setIssuedAt()
      .setExpirationTime('1h')
      .encrypt(used)
  const read = async (value: string) => {
    jar.sent.set(PLAIN, value)
    return readSessionCookie()
  }
  expect([await read(token), await read(await made('dir'))]).toEqual([key, key])
  const [head, , iv, text, tag] = token.split('.')
  const swapped = text!.startsWith('A') ? 'B' : 'A'
  const others = {
    changed: [head, '', iv, swapped + text!.slice(1), tag].join('.'),
    'under the key of another use': await encode({ token: claims, secret: deriveKey('shares') }),
    'under a key of nobody': await encode({
      token: claims,
      secret: createHash('sha256').update('x').digest('hex'),
    }),
    unsigned: new UnsecuredJWT(claims).setExpirationTime('1h').encode(),
    'another algorithm under our key': await made('A256GCMKW'),
    'a third one': await made('A256KW'),
    nothing: '',
  }
  for (const [what, value] of Object.entries(others)) expect([what, await read(value)]).toEqual([what, null])
  vi.useFakeTimers({ now: Date.now() + DAYS_31_MS, toFake: ['Date'] })
  expect(await read(token)).toBeNull()
})
