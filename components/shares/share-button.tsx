'use client'

import { Share2 } from 'lucide-react'
import { useState } from 'react'
import type { ShareSubject } from '@/lib/shares/types'
import { OnlyWhoMay } from '@/components/access/may'
import type { ShareActs } from '@/components/shares/share-acts'
import { ShareDialog } from '@/components/shares/share-dialog'
import { Button } from '@/components/ui/button'

interface Props {
  subject: ShareSubject
  /** What is shared, for the dialog's title. */
  label: string
  acts: ShareActs
}

/** Opens the dialog that makes a share link; none for who may not. */
export function ShareButton({ subject, label, acts }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <OnlyWhoMay act="share.create">
      <Button variant="outline" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Share2 aria-hidden="true" className="size-3.5" />
        Share
      </Button>
      {open && <ShareDialog subject={subject} label={label} acts={acts} onClose={() => setOpen(false)} />}
    </OnlyWhoMay>
  )
}
