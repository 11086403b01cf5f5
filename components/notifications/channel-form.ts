import type { ChannelInput } from '@/lib/notifications/channel-input'
import type {
  ChannelKind,
  ChannelView,
  EmailSettings,
  MailTls,
  WebhookSettings,
} from '@/lib/notifications/types'

/** A channel as it is typed. */
export interface ChannelText {
  kind: ChannelKind
  name: string
  secretUrl: string
  secret: string
  /** Takes the token or password away that is set. */
  dropSecret: boolean
  room: string
  host: string
  port: string
  tls: MailTls
  user: string
  from: string
  to: string
  hearsProtection: boolean
  hearsJobs: boolean
  digest: boolean
  digestAt: string
  timeZone: string
}

/** What each group of a channel's fields gets. */
export interface FieldsProps {
  value: ChannelText
  set: (part: Partial<ChannelText>) => void
  errors: Record<string, string>
  /** The one that is changed; null = a new one. */
  channel: ChannelView | null
}

export const PORTS: Record<MailTls, string> = { tls: '465', starttls: '587', none: '25' }

/** What a form begins with. `zone`: of the browser. */
export function textOf(channel: ChannelView | null, zone: string): ChannelText {
  const mail = channel?.kind === 'email' ? (channel.settings as EmailSettings) : null
  const room = channel?.kind === 'matrix' ? (channel.settings as WebhookSettings).room : null
  return {
    kind: channel?.kind ?? 'ntfy',
    name: channel?.name ?? '',
    secretUrl: '',
    secret: '',
    dropSecret: false,
    room: room ?? '',
    host: mail?.host ?? '',
    port: String(mail?.port ?? PORTS.tls),
    tls: mail?.tls ?? 'tls',
    user: mail?.user ?? '',
    from: mail?.from ?? '',
    to: mail?.to.join(', ') ?? '',
    hearsProtection: channel?.hearsProtection ?? true,
    hearsJobs: channel?.hearsJobs ?? true,
    digest: (channel?.digestAt ?? null) !== null,
    digestAt: channel?.digestAt ?? '08:00',
    timeZone: (channel?.digestAt ?? null) !== null ? channel!.timeZone : zone,
  }
}

/** What was typed as the server takes it; it says what is wrong with it. */
export function inputOf(text: ChannelText, id: string, exists: boolean): ChannelInput {
  const secret = text.dropSecret ? null : text.secret
  const about = {
    id,
    exists,
    name: text.name,
    hearsProtection: text.hearsProtection,
    hearsJobs: text.hearsJobs,
    digestAt: text.digest ? text.digestAt.trim().replace(/^(\d:)/, '0$1') : null,
    timeZone: text.timeZone.trim(),
  }
  if (text.kind === 'email')
    return {
      ...about,
      kind: text.kind,
      host: text.host.trim(),
      port: Number(text.port),
      tls: text.tls,
      user: text.user,
      password: secret,
      from: text.from,
      to: text.to.split(/[\s,;]+/).filter((address) => address !== ''),
    }
  const webhook = { ...about, secretUrl: text.secretUrl.trim(), token: secret }
  return text.kind === 'matrix'
    ? { ...webhook, kind: text.kind, room: text.room.trim() }
    : { ...webhook, kind: text.kind }
}
