'use client'

import type { ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { DialogBody, DialogFoot } from '@/components/ui/dialog'
import { Notice } from '@/components/ui/notice'

interface Props {
  /** The act, as the button that opened the dialog is called. */
  act: string
  danger?: boolean
  /** False while what must be known before is not. */
  ready: boolean
  pending: boolean
  message: string | null
  onSubmit: () => void
  onClose: () => void
  children: ReactNode
}

/** A dialog's form: what is asked, why it was refused, and the two ways out. */
export function ActForm({
  act,
  danger = false,
  ready,
  pending,
  message,
  onSubmit,
  onClose,
  children,
}: Props) {
  return (
    <form
      className="flex min-h-0 flex-1 flex-col"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (ready && !pending) onSubmit()
      }}
    >
      <DialogBody>
        {children}
        {message && (
          <Notice tone="danger" role="alert">
            {message}
          </Notice>
        )}
      </DialogBody>
      <DialogFoot>
        <Button variant="outline" onClick={onClose}>
          Back
        </Button>
        <Button type="submit" variant={danger ? 'danger-solid' : 'primary'} disabled={!ready || pending}>
          {act}
        </Button>
      </DialogFoot>
    </form>
  )
}
