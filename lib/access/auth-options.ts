import 'server-only'
import type { NextAuthOptions } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import { audit } from './audit.ts'
import { authenticate } from './authenticate.ts'
import { requestFrom } from './client-address.ts'
import { endOwnSession, readSession, SESSION_LIFETIME_MS } from './sessions.ts'

/** Session id inside next-auth's signed token; the session itself is looked up at each request. */
declare module 'next-auth/jwt' {
  interface JWT {
    sid?: string
  }
}

/** next-auth's configuration: passwords only, JWT cookie that names a revocable session. */
export function authOptions(): NextAuthOptions {
  return {
    secret: process.env.NEXTAUTH_SECRET,
    session: { strategy: 'jwt', maxAge: SESSION_LIFETIME_MS / 1000 },
    pages: { signIn: '/login', signOut: '/', error: '/login' },
    providers: [
      CredentialsProvider({
        credentials: { username: { label: 'Username' }, password: { label: 'Password', type: 'password' } },
        async authorize(credentials) {
          const answer = await authenticate(credentials?.username ?? '', credentials?.password ?? '', await requestFrom())
          if ('refused' in answer) throw new Error(answer.sentence)
          return { id: answer.user.id, name: answer.user.name, sid: answer.sessionId }
        },
      }),
    ],
    callbacks: {
      jwt({ token, user }) {
        if (user && 'sid' in user && typeof user.sid === 'string') token.sid = user.sid
        return token
      },
    },
    events: {
      async signOut({ token }) {
        const user = token.sid ? await readSession(token.sid) : null
        if (!user || !token.sid) return
        await endOwnSession(token.sid)
        await audit({ user, act: 'session.sign-out', input: {}, address: (await requestFrom()).address }, { result: 'ok' })
      },
    },
  }
}
