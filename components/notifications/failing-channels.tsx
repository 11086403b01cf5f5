import { PageLink } from '@/components/page-link'
import { notificationsPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'

/** One line where word does not get through: silence would else be taken for good news. Without what the other side said. */
export function FailingChannels({ channels }: { channels: { name: string; sinceMs: number }[] }) {
  if (channels.length === 0) return null
  return (
    <Notice tone="warn" role="status">
      Word does not get through by {channels.map((channel) => channel.name).join(', ')} since{' '}
      <When ms={channels[0]!.sinceMs} />.{' '}
      <PageLink href={notificationsPath()} className="font-medium underline">
        See why
      </PageLink>
    </Notice>
  )
}
