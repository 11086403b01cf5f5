import { describe, expect, it } from 'vitest'
import { ChannelInput, type EmailInput, type WebhookInput } from './channel-input.ts'
import { emailSecrets, webhookSecrets } from './keep-secrets.ts'
import { refusedAddress } from './refused-address.ts'
import { webhookInput } from './testing/messages.ts'

const mail = (change: object = {}) => ({
  ...webhookInput(''),
  kind: 'email',
  host: 'mail.example.org',
  port: 465,
  tls: 'tls',
  user: 'ann',
  password: 'secret',
  from: 'keyframe@example.org',
  to: ['ann@example.org'],
  ...change,
})
const errors = (input: unknown) => {
  const { success, error } = ChannelInput.safeParse(input)
  return success ? {} : Object.fromEntries(error.issues.map((issue) => [issue.path.join('.'), issue.message]))
}

describe('a channel’s form', () => {
  it.each([
    ['javascript:alert(1)', /begins with https/],
    ['file:///etc/passwd', /begins with https/],
    ['ftp://example.org/x', /begins with https/],
    ['example.org/hook', /begins with https/],
    ['https://ann:secret@example.org/', /belongs into the token/],
    ['http://169.254.169.254/latest/meta-data', /link-local/],
    ['http://[fe80::1]/', /link-local/],
    ['http://[::ffff:169.254.169.254]/', /link-local/],
    ['http://2852039166/', /link-local/],
  ])('%s is no webhook', (url, sentence) => {
    expect(errors(webhookInput(url)).secretUrl).toMatch(sentence)
  })

  it('takes addresses of the own network: that is where ntfy and Matrix often are', () => {
    for (const url of [
      'https://example.org/hook?key=1',
      'http://127.0.0.1:8080/',
      'http://10.0.0.5/x',
      'http://[::1]/x',
      'http://localhost/x',
    ])
      expect([url, errors(webhookInput(url))]).toEqual([url, {}])
    expect(['169.253.255.255', '169.255.0.0', 'fd00:ec2::253', '10.0.0.1'].map(refusedAddress)).toEqual([
      null,
      null,
      null,
      null,
    ])
    expect(refusedAddress('fd00:ec2::254')).toMatch(/link-local|secrets/)
  })

  it('knows what each preset needs', () => {
    expect(errors(webhookInput('https://ntfy.sh', { kind: 'ntfy' })).secretUrl).toMatch(/topic/)
    expect(errors(webhookInput('https://ntfy.sh/a/b', { kind: 'ntfy' })).secretUrl).toMatch(/topic/)
    expect(errors(webhookInput('https://ntfy.sh/my_topic-1', { kind: 'ntfy' }))).toEqual({})
    expect(
      errors(webhookInput('https://matrix.example', { kind: 'matrix', room: '#room:example.org' })),
    ).toEqual({ room: expect.stringContaining('begins with “!”') })
    expect(
      errors(webhookInput('https://matrix.example/_matrix', { kind: 'matrix', room: '!a:example.org' }))
        .secretUrl,
    ).toMatch(/homeserver alone/)
    expect(
      errors(webhookInput('https://matrix.example', { kind: 'matrix', room: '!a:example.org' })),
    ).toEqual({})
  })

  it('of e-mail: addresses, port, and no password in the clear but on this machine', () => {
    expect(errors(mail())).toEqual({})
    expect(
      Object.keys(
        errors(mail({ from: 'ann', to: ['b@example.org', 'c@d, e@f'], port: 0, host: 'a b' })),
      ).sort(),
    ).toEqual(['from', 'host', 'port', 'to.1'])
    expect(errors(mail({ to: [] })).to).toMatch(/at least one/)
    expect(errors(mail({ from: 'a@b.c\r\nBcc: x@y.z' })).from).toMatch(/like ann@example.org/)
    expect(errors(mail({ tls: 'none' })).tls).toMatch(/without TLS/)
    expect([
      errors(mail({ tls: 'none', user: '' })),
      errors(mail({ tls: 'none', host: '127.0.0.1' })),
    ]).toEqual([{}, {}])
  })

  it('of the digest: a time of day and a zone', () => {
    expect(
      errors(webhookInput('https://example.org', { digestAt: '24:00', timeZone: 'Mars/Olympus' })),
    ).toEqual({
      digestAt: expect.stringContaining('08:00'),
      timeZone: expect.stringContaining('no such time zone'),
    })
  })
})

describe('secrets', () => {
  const before = { url: 'https://example.org/hook', token: 'kept' }
  const form = (change: object) => webhookInput('', change) as WebhookInput

  it('stay where nothing is typed, and go when they are taken away', () => {
    expect(webhookSecrets(form({}), before)).toEqual(before)
    expect(webhookSecrets(form({ token: null }), before)).toEqual({ url: before.url, token: null })
    expect(webhookSecrets(form({ secretUrl: 'https://example.org/other' }), before)).toEqual({
      url: 'https://example.org/other',
      token: 'kept',
    })
    expect(() => webhookSecrets(form({}), null)).toThrow('Give the address')
    expect(() => webhookSecrets(form({ kind: 'matrix', secretUrl: 'https://m.example' }), null)).toThrow(
      'access token',
    )
  })

  it('are not sent to another server than they were given for', () => {
    for (const secretUrl of [
      'https://evil.example/',
      'http://example.org/hook',
      'https://example.org:444/',
    ]) {
      expect(() => webhookSecrets(form({ secretUrl }), before)).toThrow('given for another server')
      expect(webhookSecrets(form({ secretUrl, token: 'new' }), before)).toEqual({
        url: secretUrl,
        token: 'new',
      })
      expect(webhookSecrets(form({ secretUrl, token: null }), before)).toEqual({
        url: secretUrl,
        token: null,
      })
    }
    const { host, port, tls, user, from, to } = mail() as unknown as EmailInput
    const old = { settings: { host, port, tls, user, from, to }, secrets: { password: 'kept' } }
    expect(emailSecrets(mail({ password: '', user: 'ben' }) as unknown as EmailInput, old)).toEqual({
      password: 'kept',
    })
    for (const change of [{ host: 'evil.example' }, { port: 587 }, { tls: 'none' }])
      expect(() => emailSecrets(mail({ password: '', ...change }) as unknown as EmailInput, old)).toThrow(
        'given for another server',
      )
    expect(emailSecrets(mail({ user: '', password: '' }) as unknown as EmailInput, old)).toEqual({
      password: null,
    })
    expect(() => emailSecrets(mail({ password: '' }) as unknown as EmailInput, null)).toThrow(
      'signs in with a password',
    )
  })
})
