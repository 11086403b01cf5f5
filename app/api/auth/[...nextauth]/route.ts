import NextAuth from 'next-auth'
import { authOptions } from '@/lib/access/auth-options'

const handler = (request: Request, context: { params: Promise<{ nextauth: string[] }> }): Promise<Response> => (NextAuth as unknown as (request: Request, context: object, options: object) => Promise<Response>)(request, context, authOptions())

export { handler as GET, handler as POST }
