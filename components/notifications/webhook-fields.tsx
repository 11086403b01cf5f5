import type { ChannelKind } from '@/lib/notifications/types'
import type { FieldsProps } from '@/components/notifications/channel-form'
import { SecretField } from '@/components/notifications/secret-field'
import { Field } from '@/components/ui/field'

type WebhookKind = Exclude<ChannelKind, 'email'>
const ADDRESSES: Record<WebhookKind, { label: string; placeholder: string; hint: string }> = {
  json: { label: 'Address', placeholder: 'https://example.org/hook', hint: 'Takes a POST with JSON.' },
  ntfy: {
    label: 'Server and topic',
    placeholder: 'https://ntfy.sh/my-topic',
    hint: 'Whoever knows the topic can read it: choose one that nobody guesses, or a server that asks for a token.',
  },
  slack: {
    label: 'Incoming webhook',
    placeholder: 'https://hooks.slack.com/services/…',
    hint: 'As Slack shows it where the webhook was added. Mattermost takes the same.',
  },
  matrix: {
    label: 'Homeserver',
    placeholder: 'https://matrix.example.org',
    hint: 'Of the account that writes.',
  },
}
const TOKENS: Record<WebhookKind, string> = {
  json: 'Optional. Sent as “Authorization: Bearer …”.',
  ntfy: 'Optional. An access token of the ntfy server.',
  slack: 'Not needed.',
  matrix: 'Of the account that writes. The room must not be encrypted, and the account a member of it.',
}

/** Where a webhook is, and what proves who sends. */
export function WebhookFields({ kind, ...shared }: FieldsProps & { kind: WebhookKind }) {
  const { value, set, errors, channel } = shared
  const { label, placeholder, hint } = ADDRESSES[kind]
  return (
    <>
      <Field
        label={label}
        type="url"
        inputMode="url"
        value={value.secretUrl}
        onChange={(event) => set({ secretUrl: event.target.value })}
        error={errors.secretUrl}
        placeholder={channel === null ? placeholder : 'set'}
        hint={channel === null ? hint : `Empty: ${channel.place} stays.`}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
      {kind === 'matrix' && (
        <Field
          label="Room"
          value={value.room}
          onChange={(event) => set({ room: event.target.value })}
          error={errors.room}
          placeholder="!abcdef:example.org"
          hint="The room’s id. Element shows it in the room’s settings under Advanced."
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
      )}
      {kind !== 'slack' && (
        <SecretField
          label={kind === 'json' ? 'Token' : 'Access token'}
          hint={TOKENS[kind]}
          value={value}
          set={set}
          error={errors.token}
          channel={channel}
        />
      )}
    </>
  )
}
