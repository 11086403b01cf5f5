'use client'

import { useState } from 'react'
import type { NewShare, ShareSubject } from '@/lib/shares/types'
import { useGet } from '@/components/dialogs/use-get'
import { useLive } from '@/components/live/live-provider'
import { sharesOfPath } from '@/components/paths'
import { NewShareForm } from '@/components/shares/new-share-form'
import { ShareMade } from '@/components/shares/share-made'
import type { ShareActs } from '@/components/shares/share-acts'
import { ShareList } from '@/components/shares/share-list'
import { Button } from '@/components/ui/button'
import { Dialog, DialogBody, DialogFoot } from '@/components/ui/dialog'

interface Props {
  subject: ShareSubject
  label: string
  acts: ShareActs
  onClose: () => void
}

/** Makes a link to one thing, shows it once, and lists the ones that work. */
export function ShareDialog({ subject, label, acts, onClose }: Props) {
  const [made, setMade] = useState<NewShare | null>(null)
  const [version, setVersion] = useState(0)
  const { data: shares } = useGet(sharesOfPath(subject), version)
  useLive((event) => {
    if (event.type === 'share' || event.type === 'reload') setVersion((now) => now + 1)
  })
  const open = (shares ?? []).filter((share) => share.state === 'open')
  const list = open.length > 0 && (
    <section aria-labelledby="share-links" className="flex flex-col gap-2">
      <h3 id="share-links" className="text-sm font-medium">
        Links to it that work
      </h3>
      <ShareList shares={open} revoke={acts.revoke} label="Links to it that work" />
    </section>
  )
  return (
    <Dialog open title={`Share ${label}`} onClose={onClose}>
      {made === null ? (
        <NewShareForm subject={subject} create={acts.create} onMade={setMade} onClose={onClose}>
          {list}
        </NewShareForm>
      ) : (
        <>
          <DialogBody>
            <ShareMade share={made} />
            {list}
          </DialogBody>
          <DialogFoot>
            <Button variant="outline" onClick={() => setMade(null)}>
              Another link
            </Button>
            <Button onClick={onClose}>Close</Button>
          </DialogFoot>
        </>
      )}
    </Dialog>
  )
}
