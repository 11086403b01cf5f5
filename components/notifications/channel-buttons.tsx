'use client'

import { useState } from 'react'
import type { ChannelView } from '@/lib/notifications/types'
import { OnlyWhoMay } from '@/components/access/may'
import type { ChannelActs } from '@/components/notifications/channel-acts'
import { ChannelDialog } from '@/components/notifications/channel-dialog'
import { RemoveChannelDialog } from '@/components/notifications/remove-channel-dialog'
import { Button } from '@/components/ui/button'

/** Buttons that open a dialog; none for who may not do its act. */

export function AddChannelButton({ acts }: { acts: ChannelActs }) {
  const [open, setOpen] = useState(false)
  return (
    <OnlyWhoMay act="notification.save">
      <Button aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Add channel
      </Button>
      {open && <ChannelDialog channel={null} save={acts.save} onClose={() => setOpen(false)} />}
    </OnlyWhoMay>
  )
}

export function ChangeChannelButton({ channel, acts }: { channel: ChannelView; acts: ChannelActs }) {
  const [open, setOpen] = useState(false)
  return (
    <OnlyWhoMay act="notification.save">
      <Button variant="outline" size="small" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Change<span className="sr-only"> {channel.name}</span>
      </Button>
      {open && <ChannelDialog channel={channel} save={acts.save} onClose={() => setOpen(false)} />}
    </OnlyWhoMay>
  )
}

export function RemoveChannelButton({ channel, acts }: { channel: ChannelView; acts: ChannelActs }) {
  const [open, setOpen] = useState(false)
  return (
    <OnlyWhoMay act="notification.remove">
      <Button variant="danger" size="small" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Remove<span className="sr-only"> {channel.name}</span>
      </Button>
      {open && <RemoveChannelDialog channel={channel} remove={acts.remove} onClose={() => setOpen(false)} />}
    </OnlyWhoMay>
  )
}
