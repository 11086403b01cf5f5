'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { CHANNEL_KINDS, type ChannelKind, type ChannelView } from '@/lib/notifications/types'
import { OnlyWhoMay } from '@/components/access/may'
import type { ChannelActs } from '@/components/notifications/channel-acts'
import { inputOf, textOf, type FieldsProps } from '@/components/notifications/channel-form'
import { KIND_WORDS } from '@/components/notifications/channel-words'
import { EmailFields } from '@/components/notifications/email-fields'
import { HearsFields } from '@/components/notifications/hears-fields'
import { WebhookFields } from '@/components/notifications/webhook-fields'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { randomId } from '@/components/random-id'
import { Dialog } from '@/components/ui/dialog'
import { Field, SelectField } from '@/components/ui/field'

interface Props {
  channel: ChannelView | null
  save: ChannelActs['save']
  onClose: () => void
}

/** Where word goes, what proves who sends it, and what is told. What is secret is never shown again: an empty field keeps it. */
export function ChannelDialog({ channel, save, onClose }: Props) {
  const router = useRouter()
  const [id] = useState(() => channel?.id ?? randomId())
  const [value, setValue] = useState(() => textOf(channel, Intl.DateTimeFormat().resolvedOptions().timeZone))
  const { submit, pending, message, fields } = useStart(save, () => {
    router.refresh()
    onClose()
  })
  const shared: FieldsProps = {
    value,
    set: (part) => setValue((before) => ({ ...before, ...part })),
    errors: fields,
    channel,
  }
  return (
    <Dialog open title={channel === null ? 'Add channel' : `Change ${channel.name}`} onClose={onClose}>
      <OnlyWhoMay act="notification.save">
        <ActForm
          act="Save channel"
          ready={value.name.trim() !== ''}
          pending={pending}
          message={message}
          onClose={onClose}
          onSubmit={() => submit(inputOf(value, id, channel !== null))}
        >
          <SelectField
            label="Kind"
            value={value.kind}
            onChange={(event) => shared.set({ kind: event.target.value as ChannelKind })}
            disabled={channel !== null}
            error={fields.kind}
          >
            {CHANNEL_KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {KIND_WORDS[kind]}
              </option>
            ))}
          </SelectField>
          <Field
            label="Name"
            value={value.name}
            onChange={(event) => shared.set({ name: event.target.value })}
            error={fields.name}
            placeholder="my phone"
            autoComplete="off"
            required
          />
          {value.kind === 'email' ? (
            <EmailFields {...shared} />
          ) : (
            <WebhookFields {...shared} kind={value.kind} />
          )}
          <HearsFields {...shared} />
        </ActForm>
      </OnlyWhoMay>
    </Dialog>
  )
}
