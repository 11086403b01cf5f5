import nodemailer from 'nodemailer'
import { failureWords } from './failure-words.ts'
import { MAIL_LIMIT_MS, REQUEST_LIMIT_MS } from './limits.ts'
import type { Channel, Message, Outcome } from './types.ts'

/** One attempt to hand a mail to its server. Resolves with how it went; rejects only when `signal` ends it. */
export async function sendEmail(channel: Extract<Channel, { kind: 'email' }>, message: Message, id: string, link: string | null, signal: AbortSignal): Promise<Outcome> {
  const { host, port, tls, user, from, to } = channel.settings
  const transport = nodemailer.createTransport({
    host, port, secure: tls === 'tls', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none', ...(user === '' ? {} : { auth: { user, pass: channel.secrets.password ?? '' } }),
    dnsTimeout: REQUEST_LIMIT_MS, connectionTimeout: REQUEST_LIMIT_MS, greetingTimeout: REQUEST_LIMIT_MS, socketTimeout: REQUEST_LIMIT_MS, disableFileAccess: true, disableUrlAccess: true,
  })
  const limit = AbortSignal.timeout(MAIL_LIMIT_MS)
  const ended = AbortSignal.any([signal, limit])
  try {
    const taken = await Promise.race([
      transport.sendMail({
        from: { name: 'Keyframe', address: from }, to, subject: message.title, text: link === null ? message.text : `${message.text}\n\n${link}`, date: new Date(message.atMs),
        // The same in each attempt, so that a mailbox that got it already can tell; and no holiday reply, please.
        messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`, headers: { 'Auto-Submitted': 'auto-generated' },
      }),
      new Promise<never>((_, reject) => ended.addEventListener('abort', () => reject(ended.reason as Error), { once: true })),
    ])
    const refused = taken.rejected.map((each) => (typeof each === 'string' ? each : each.address))
    return refused.length === 0 ? { sent: true } : { sent: false, partly: true, sentence: `It took the mail, but not for ${refused.join(', ')}.` }
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted) return { sent: false, sentence: `It did not take the mail within ${MAIL_LIMIT_MS / 1000} s.` }
    return { sent: false, sentence: failureWords(error) }
  } finally {
    transport.close()
  }
}
