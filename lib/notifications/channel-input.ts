import { z } from 'zod'
import { isTimeZone } from '../schedules/when.ts'
import { refusedAddress } from './refused-address.ts'

const NAME_MAXIMUM = 60
const ADDRESS_MAXIMUM = 2_000
const SECRET_MAXIMUM = 4_000
const RECIPIENTS_MAXIMUM = 20
const MAIL_ADDRESS = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/

const oneLine = (maximum: number) =>
  z
    .string()
    .trim()
    .max(maximum, `At most ${maximum} characters.`)
    .regex(/^[^\p{Cc}]*$/u, 'One line, without control characters.')
const MailAddress = z
  .string()
  .trim()
  .max(254, 'At most 254 characters.')
  .regex(MAIL_ADDRESS, 'An address like ann@example.org.')

const about = {
  /** Of a new one, too: made with its form, so that the same form sent twice is one channel. */
  id: z.uuid(),
  /** It was saved before: one that was removed meanwhile is not made anew. */
  exists: z.boolean(),
  name: oneLine(NAME_MAXIMUM).min(1, 'Give it a name.'),
  hearsProtection: z.boolean(),
  hearsJobs: z.boolean(),
  digestAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time of day is written like 08:00.')
    .nullable(),
  timeZone: z
    .string()
    .refine(isTimeZone, 'There is no such time zone: give a name like Europe/Berlin or UTC.'),
}
/** "" keeps what is set; null takes it away. */
const Token = oneLine(SECRET_MAXIMUM).nullable()
/** "" keeps what is set. Called secret, so that the audit log leaves it out. */
const SecretUrl = oneLine(ADDRESS_MAXIMUM)

const Webhook = z.object({
  ...about,
  kind: z.enum(['json', 'ntfy', 'slack']),
  secretUrl: SecretUrl,
  token: Token,
})
const Matrix = z.object({
  ...about,
  kind: z.literal('matrix'),
  secretUrl: SecretUrl,
  token: Token,
  room: oneLine(255).regex(
    /^!\S+$/,
    'The room’s id, which begins with “!”. Element shows it under the room’s settings, Advanced.',
  ),
})
const Email = z.object({
  ...about,
  kind: z.literal('email'),
  host: oneLine(253).regex(/^[A-Za-z0-9.:_-]+$/, 'A name or an address, such as mail.example.org.'),
  port: z
    .int('A number from 1 to 65535.')
    .min(1, 'A number from 1 to 65535.')
    .max(65_535, 'A number from 1 to 65535.'),
  tls: z.enum(['tls', 'starttls', 'none']),
  user: oneLine(SECRET_MAXIMUM),
  password: Token,
  from: MailAddress,
  to: z
    .array(MailAddress)
    .min(1, 'Give at least one address.')
    .max(RECIPIENTS_MAXIMUM, `At most ${RECIPIENTS_MAXIMUM} addresses.`),
})

export const ChannelInput = z
  .discriminatedUnion('kind', [Webhook, Matrix, Email])
  .superRefine((input, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (input.kind === 'email') {
      const refused = refusedAddress(input.host)
      if (refused !== null) refuse('host', refused)
      if (input.user !== '' && input.tls === 'none' && !LOOPBACK.test(input.host))
        refuse('tls', 'User and password are not sent to another machine without TLS.')
      return
    }
    const wrong = input.secretUrl === '' ? null : whatIsWrong(input.kind, input.secretUrl)
    if (wrong !== null) refuse('secretUrl', wrong)
  })
export type ChannelInput = z.infer<typeof ChannelInput>
export type WebhookInput = Exclude<ChannelInput, { kind: 'email' }>
export type EmailInput = Extract<ChannelInput, { kind: 'email' }>

/** Why a webhook's address can't be one, a sentence; null when it can. */
function whatIsWrong(kind: WebhookInput['kind'], text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return 'An address that begins with https:// or http://.'
  if (url.username !== '' || url.password !== '')
    return 'Without user and password: what proves who sends belongs into the token.'
  if (kind === 'ntfy' && !/^\/[\w-]{1,64}$/.test(url.pathname))
    return 'The server and the topic, like https://ntfy.sh/my-topic.'
  if (kind === 'matrix' && url.pathname !== '/')
    return 'The homeserver alone, like https://matrix.example.org.'
  return refusedAddress(url.hostname.replace(/^\[|\]$/g, ''))
}
