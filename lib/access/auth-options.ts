import 'server-only'
import type { NextAuthOptions } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import { checkPassword } from './check-password.ts'
import { revokeSession, createSession, SESSION_LIFETIME_MS } from './sessions.ts'

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
        async authorize(credentials, request) {
          const check = await checkPassword(credentials?.username ?? '', credentials?.password ?? '')
          if ('refused' in check) throw new Error(check.sentence)
          const agent: unknown = request.headers?.['user-agent']
          return { id: check.user.id, name: check.user.name, sid: await createSession(check.user.id, typeof agent === 'string' ? agent : '') }
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
        if (token.sub && token.sid) await revokeSession(token.sub, token.sid)
      },
    },
  }
}
