import type { MailTls } from '@/lib/notifications/types'
import { PORTS, type FieldsProps } from '@/components/notifications/channel-form'
import { SecretField } from '@/components/notifications/secret-field'
import { Field, SelectField } from '@/components/ui/field'

/** The mail server, and who writes to whom. */
export function EmailFields({ value, set, errors, channel }: FieldsProps) {
  const toError = Object.entries(errors).find(([path]) => path === 'to' || path.startsWith('to.'))?.[1]
  /** Each kind has its usual port: one that was typed otherwise stays. */
  const setTls = (tls: MailTls) =>
    set({ tls, ...(value.port === PORTS[value.tls] ? { port: PORTS[tls] } : {}) })
  return (
    <>
      <Field
        label="Mail server"
        value={value.host}
        onChange={(event) => set({ host: event.target.value })}
        error={errors.host}
        placeholder="mail.example.org"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Encryption"
          value={value.tls}
          onChange={(event) => setTls(event.target.value as MailTls)}
          error={errors.tls}
        >
          <option value="tls">TLS</option>
          <option value="starttls">STARTTLS</option>
          <option value="none">none</option>
        </SelectField>
        <Field
          label="Port"
          value={value.port}
          onChange={(event) => set({ port: event.target.value })}
          error={errors.port}
          inputMode="numeric"
          autoComplete="off"
        />
      </div>
      <Field
        label="User"
        value={value.user}
        onChange={(event) => set({ user: event.target.value })}
        error={errors.user}
        hint="Empty: the server takes mail without signing in."
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
      {value.user !== '' && (
        <SecretField
          label="Password"
          hint="Of the user on the mail server."
          value={value}
          set={set}
          error={errors.password}
          channel={channel}
        />
      )}
      <Field
        label="From"
        type="email"
        value={value.from}
        onChange={(event) => set({ from: event.target.value })}
        error={errors.from}
        placeholder="keyframe@example.org"
        autoComplete="off"
      />
      <Field
        label="To"
        value={value.to}
        onChange={(event) => set({ to: event.target.value })}
        error={toError}
        placeholder="ann@example.org, team@example.org"
        hint="Several with commas."
        inputMode="email"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
    </>
  )
}
