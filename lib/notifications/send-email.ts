import { connect, type Socket } from 'node:net'
import nodemailer from 'nodemailer'
import type SMTPTransport from 'nodemailer/lib/smtp-transport'
import { checkedLookup, RefusedAddress, refusedHost, type Resolve } from './checked-lookup.ts'
import { failureWords } from './failure-words.ts'
import { MAIL_LIMIT_MS, REQUEST_LIMIT_MS } from './limits.ts'
import type { Channel, Message, Outcome } from './types.ts'

/**
 * One attempt to hand a mail to its server. Resolves with how it went; rejects only when `signal` ends it. `resolve`: instead of the
 * system's own look-up of names.
 */
export async function sendEmail(
  channel: Extract<Channel, { kind: 'email' }>,
  message: Message,
  id: string,
  link: string | null,
  signal: AbortSignal,
  resolve?: Resolve,
): Promise<Outcome> {
  const { host, port, tls, user, from, to } = channel.settings
  let socket: Socket | undefined
  const options: SMTPTransport.Options = {
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user === '' ? {} : { auth: { user, pass: channel.secrets.password ?? '' } }),
    connectionTimeout: REQUEST_LIMIT_MS,
    greetingTimeout: REQUEST_LIMIT_MS,
    socketTimeout: REQUEST_LIMIT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    // nodemailer would look names up by itself, and connect to whatever they lead to.
    getSocket: (_options, done) =>
      void connectTo(
        host,
        port,
        (made) => {
          socket = made
        },
        resolve,
      ).then(
        (connection) => done(null, { connection }),
        (error: Error) => done(error, undefined),
      ),
  }
  const transport = nodemailer.createTransport(options)
  const limit = AbortSignal.timeout(MAIL_LIMIT_MS)
  const ended = AbortSignal.any([signal, limit])
  try {
    const taken = await Promise.race([
      transport.sendMail({
        from: { name: 'Keyframe', address: from },
        to,
        subject: message.title,
        text: link === null ? message.text : `${message.text}\n\n${link}`,
        date: new Date(message.atMs),
        // The same in each attempt, so that a mailbox that got it already can tell; and no holiday reply, please.
        messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      }),
      new Promise<never>((_, reject) =>
        ended.addEventListener('abort', () => reject(ended.reason as Error), { once: true }),
      ),
    ])
    const refused = taken.rejected.map((each) => (typeof each === 'string' ? each : each.address))
    return refused.length === 0
      ? { sent: true }
      : { sent: false, partly: true, sentence: `It took the mail, but not for ${refused.join(', ')}.` }
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted)
      return { sent: false, sentence: `It did not take the mail within ${MAIL_LIMIT_MS / 1000} s.` }
    return { sent: false, sentence: failureWords(error) }
  } finally {
    transport.close()
    socket?.destroy()
  }
}

/** A connection to a place that messages may go to. Rejects with RefusedAddress, and as `net` does. */
function connectTo(
  host: string,
  port: number,
  onMade: (socket: Socket) => void,
  resolveName?: Resolve,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const refused = refusedHost(host)
    if (refused !== null) return reject(new RefusedAddress(refused))
    const socket = connect({ host, port, lookup: checkedLookup(resolveName), timeout: REQUEST_LIMIT_MS })
    onMade(socket)
    socket.once('error', reject)
    // One that fails when its attempt is over already concerns nobody.
    socket.on('error', () => undefined)
    socket.once('timeout', () =>
      socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
    )
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
