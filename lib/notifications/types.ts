import type { JobKind, JobStatus } from '../jobs/types.ts'
import type { ProtectionState } from '../schedules/types.ts'

/** Channels and messages. Plain data; instants in epoch ms. */

/** The first three take a message at a webhook's address, the fourth in a room of a Matrix server. */
export const CHANNEL_KINDS = ['json', 'ntfy', 'slack', 'matrix', 'email'] as const
export type ChannelKind = (typeof CHANNEL_KINDS)[number]

/** none: nothing is encrypted; starttls: begun in the clear, and nothing is sent before it is encrypted. */
export type MailTls = 'tls' | 'starttls' | 'none'

/** What pages may show. */
export interface WebhookSettings {
  /** Of Matrix: the id of the room; null for the others. */
  room: string | null
}
export interface EmailSettings {
  host: string
  port: number
  tls: MailTls
  /** "" = it is sent without signing in. */
  user: string
  from: string
  to: string[]
}

/** What is never sent to a page. */
export interface WebhookSecrets {
  /** Of Slack and ntfy whoever knows it can post: it is kept like a password. */
  url: string
  token: string | null
}
export interface EmailSecrets {
  password: string | null
}

export type Via =
  | { kind: Exclude<ChannelKind, 'email'>; settings: WebhookSettings; secrets: WebhookSecrets }
  | { kind: 'email'; settings: EmailSettings; secrets: EmailSecrets }

/** A channel as it is sent through; never given to a page. */
export type Channel = Via & { id: string; name: string }

/** protection: a VM's protection became another; job-waiting: it stopped where a person must decide. */
export type NotificationEvent = 'protection' | 'job-failed' | 'job-waiting' | 'digest' | 'test'

/** What a message tells, before it is put into the form of a channel. */
export interface Message {
  event: NotificationEvent
  atMs: number
  level: 'good' | 'attention' | 'bad'
  /** One line. */
  title: string
  /** Sentences, some of them on lines of their own. */
  text: string
  /** Of the page that it is about; null for a test. */
  path: string | null
  /** The VMs that it is about. */
  vms: MessageVm[]
  jobs: MessageJob[]
  /** Of a digest alone. */
  counts: { protected: number; vms: number } | null
}

export interface MessageVm {
  host: string
  name: string
  uuid: string
  /** null: it is not about its protection. */
  protection: ProtectionState | null
  /** What was told before; null when nothing was, or it is not about its protection. */
  before: ProtectionState | null
  sentence: string | null
}

export interface MessageJob {
  id: string
  kind: JobKind
  title: string
  status: JobStatus
  error: string | null
}

export type Outcome =
  | { sent: true }
  | { sent: false; sentence: string; /** Some readers have it: it is not sent again. */ partly?: true }

/** A channel as its page shows it. */
export interface ChannelView {
  id: string
  kind: ChannelKind
  name: string
  /** Where it goes, without what is secret: "https://ntfy.sh/…", "mail.example.org:465 to ann@example.org". */
  place: string
  /** What its form can be filled with. */
  settings: WebhookSettings | EmailSettings
  /** Is a token or a password kept? */
  hasSecret: boolean
  hearsProtection: boolean
  hearsJobs: boolean
  /** "08:00"; null = none. */
  digestAt: string | null
  timeZone: string
  lastSentAtMs: number | null
  failingSinceMs: number | null
  error: string | null
  /** Messages that wait for their next attempt. */
  waiting: number
  nextAttemptAtMs: number | null
  /** The newest first. */
  recent: SentView[]
}

export interface SentView {
  id: string
  title: string
  atMs: number
  state: 'sent' | 'waiting' | 'given up'
  attempts: number
}
