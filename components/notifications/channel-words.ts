import type { ChannelKind, ChannelView } from '@/lib/notifications/types'

export const KIND_WORDS: Record<ChannelKind, string> = {
  json: 'Webhook',
  ntfy: 'ntfy',
  slack: 'Slack',
  matrix: 'Matrix',
  email: 'E-mail',
}

/** What a channel hears, for the middle of a line. */
export function heardBy({
  hearsProtection,
  hearsJobs,
  digestAt,
  timeZone,
}: Pick<ChannelView, 'hearsProtection' | 'hearsJobs' | 'digestAt' | 'timeZone'>): string {
  const heard = [
    ...(hearsProtection ? ['changes of protection'] : []),
    ...(hearsJobs ? ['failed jobs'] : []),
    ...(digestAt === null ? [] : [`a digest every day at ${digestAt} ${timeZone}`]),
  ]
  return heard.length === 0
    ? 'Hears nothing.'
    : `Hears ${heard.length === 1 ? heard[0] : `${heard.slice(0, -1).join(', ')} and ${heard.at(-1)}`}.`
}
