import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** For tests: a real SMTP server on loopback that keeps the mails it took. It offers STARTTLS with a certificate that nobody trusts. */
export async function startMailServer(options: SMTPServerOptions = {}) {
  const mails: { from: string; to: string[]; user: string | undefined; text: string }[] = []
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'ann' && password === 'pass word'
        ? done(null, { user: username })
        : done(new Error('no such user')),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({
          from: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map((to) => to.address),
          user: session.user as string | undefined,
          text: Buffer.concat(chunks).toString(),
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
