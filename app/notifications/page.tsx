import type { Metadata } from 'next'
import { requireUser } from '@/lib/access/require-user'
import { settings } from '@/lib/settings/settings'
import { listChannels } from '@/lib/notifications/channel-views'
import { RefreshOnNotificationsChange } from '@/components/live/refresh-on-change'
import type { ChannelActs } from '@/components/notifications/channel-acts'
import { AddChannelButton } from '@/components/notifications/channel-buttons'
import { ChannelItem } from '@/components/notifications/channel-item'
import { Notice } from '@/components/ui/notice'
import { removeChannel, saveChannel, submitTest } from './actions'

export const metadata: Metadata = { title: 'Notifications · Keyframe' }

const acts: ChannelActs = { save: saveChannel, remove: removeChannel, test: submitTest }

export default async function NotificationsPage() {
  await requireUser('notification.read')
  const channels = await listChannels()
  const failing = channels.filter((channel) => channel.failingSinceMs !== null).length
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 py-5 outline-none">
      <RefreshOnNotificationsChange />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="text-xl font-semibold">Notifications</h1>
        <p className="flex-1 text-sm text-muted">
          {channels.length === 0
            ? 'nobody is told'
            : `${channels.length === 1 ? '1 channel' : `${channels.length} channels`}${failing > 0 ? `, ${failing} failing` : ''}`}
        </p>
        <AddChannelButton acts={acts} />
      </div>
      {settings().publicUrl === null && (
        <Notice tone="plain">
          Messages have no link yet: set KEYFRAME_URL to the address by which people reach Keyframe, and start
          it again.
        </Notice>
      )}
      {channels.length === 0 ? (
        <p className="rounded-lg border border-dashed border-line-strong/60 px-4 py-8 text-center text-sm text-muted">
          No channel yet. A channel tells you, by webhook or e-mail, when a VM’s protection changes or a job
          fails, and sends a daily summary.
        </p>
      ) : (
        <ul
          aria-label="Channels"
          className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
        >
          {channels.map((channel) => (
            <ChannelItem key={channel.id} channel={channel} acts={acts} />
          ))}
        </ul>
      )}
    </main>
  )
}
