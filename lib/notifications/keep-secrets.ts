import { Refusal } from '../jobs/refusal.ts'
import type { EmailInput, WebhookInput } from './channel-input.ts'
import type { EmailSecrets, EmailSettings, WebhookSecrets } from './types.ts'

/**
 * The secrets of a webhook after its form: what was left empty stays as it was. A token stays with the server that it was given for: to
 * point a channel elsewhere must not be a way to read it. Throws Refusal. Pure.
 */
export function webhookSecrets(input: WebhookInput, before: WebhookSecrets | null): WebhookSecrets {
  const url = input.secretUrl || before?.url
  if (!url) throw new Refusal('Give the address that messages go to.', { secretUrl: 'Give the address.' })
  const kept = before?.token ?? null
  if (input.token === '' && kept !== null && new URL(before!.url).origin !== new URL(url).origin)
    throw new Refusal(
      'The token that is set was given for another server. Type it again for this one, or take it away.',
      { token: 'It was given for another server.' },
    )
  const token = input.token === null ? null : input.token || kept
  if (input.kind === 'matrix' && token === null)
    throw new Refusal('A Matrix server takes messages with an access token only.', {
      token: 'Give the access token.',
    })
  return { url, token }
}

/** The same for a mail server. Throws Refusal. Pure. */
export function emailSecrets(
  input: EmailInput,
  before: { settings: EmailSettings; secrets: EmailSecrets } | null,
): EmailSecrets {
  if (input.user === '') return { password: null }
  const kept = before?.secrets.password ?? null
  const same =
    before !== null &&
    before.settings.host === input.host &&
    before.settings.port === input.port &&
    before.settings.tls === input.tls
  if (input.password === '' && kept !== null && !same)
    throw new Refusal(
      'The password that is set was given for another server, or another kind of encryption. Type it again.',
      { password: 'It was given for another server.' },
    )
  const password = input.password === null ? null : input.password || kept
  if (password === null)
    throw new Refusal('A user signs in with a password. Give it, or leave the user empty.', {
      password: 'Give the password.',
    })
  return { password }
}
