import { line } from './shorten.ts'

const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/
const SAID_MAXIMUM = 200
const WORDS: Record<string, string> = {
  ENOTFOUND: 'Its name is not known: no server was found.',
  EDNS: 'Its name is not known: no server was found.',
  EAI_AGAIN: 'Its name can’t be looked up just now.',
  ECONNREFUSED: 'It refuses the connection: nothing listens there, or a firewall is in between.',
  ECONNRESET: 'It ended the connection without an answer.',
  EPIPE: 'It ended the connection without an answer.',
  ETIMEDOUT: 'It did not answer in time.',
  EHOSTUNREACH: 'There is no way to its network.',
  ENETUNREACH: 'There is no way to its network.',
}

/** Why something could not be sent, a sentence for a page: of the server's own words only what an SMTP reply says. */
export function failureWords(error: unknown): string {
  const { name, message, code, response, responseCode, cause } = error as {
    name?: string
    message?: string
    code?: unknown
    response?: unknown
    responseCode?: unknown
    cause?: unknown
  }
  if (name === 'RefusedAddress') return message ?? ''
  const codes = [code, (cause as { code?: unknown } | undefined)?.code].filter(
    (each): each is string => typeof each === 'string',
  )
  // nodemailer keeps the code of a connection that failed in the message only.
  const inMessage =
    /\b(E[A-Z]{4,}|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)\b/.exec(
      message ?? '',
    )?.[1]
  if (
    codes.some((each) => CERTIFICATE.test(each)) ||
    (inMessage !== undefined && CERTIFICATE.test(inMessage)) ||
    (typeof responseCode !== 'number' && /certificate/i.test(message ?? ''))
  )
    return 'Its certificate is not trusted by this server.'
  if (codes.includes('ETLS')) return 'It offers no encryption (STARTTLS), and nothing is sent without.'
  if (typeof responseCode === 'number' && typeof response === 'string')
    return codes.includes('EAUTH')
      ? `It refused user and password: ${line(response, SAID_MAXIMUM)}`
      : `It answered ${line(response, SAID_MAXIMUM)}`
  const known = [...codes, inMessage].find((each) => each !== undefined && each in WORDS)
  if (known !== undefined) return WORDS[known]!
  if (codes.includes('EAUTH')) return 'It takes no user and password of this kind.'
  return `It could not be reached (${codes[0] ?? name ?? 'no reason is known'}).`
}
