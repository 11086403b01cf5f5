'use client'

import { useRouter } from 'next/navigation'
import type { ChannelView } from '@/lib/notifications/types'
import { OnlyWhoMay } from '@/components/access/may'
import type { ChannelActs } from '@/components/notifications/channel-acts'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Dialog } from '@/components/ui/dialog'

/** Nothing more is sent by it, and its secrets are forgotten. */
export function RemoveChannelDialog({
  channel,
  remove,
  onClose,
}: {
  channel: ChannelView
  remove: ChannelActs['remove']
  onClose: () => void
}) {
  const router = useRouter()
  const { submit, pending, message } = useStart(remove, () => {
    router.refresh()
    onClose()
  })
  return (
    <Dialog open title={`Remove ${channel.name}`} onClose={onClose}>
      <OnlyWhoMay act="notification.remove">
        <ActForm
          act="Remove channel"
          danger
          ready
          pending={pending}
          message={message}
          onClose={onClose}
          onSubmit={() => submit({ id: channel.id })}
        >
          <p className="text-sm break-names">
            Nothing more is sent to {channel.place}
            {channel.waiting > 0 &&
              `, nor ${channel.waiting === 1 ? 'the message that waits' : `the ${channel.waiting} messages that wait`}`}
            . What was sent stays where it is; the address and what it signs in with are forgotten.
          </p>
        </ActForm>
      </OnlyWhoMay>
    </Dialog>
  )
}
