'use client'

import { X } from 'lucide-react'
import * as Radix from 'radix-ui/dialog'
import { useRef, type ReactNode } from 'react'

interface Props {
  open: boolean
  onClose: () => void
  title: string
  children: ReactNode
}

/**
 * A modal dialog, on a phone a sheet from below. Focus goes back to where it was, or, when that is gone (the row of a
 * snapshot that was deleted), to the page's main part.
 */
export function Dialog({ open, onClose, title, children }: Props) {
  const opener = useRef<HTMLElement | null>(null)
  return (
    <Radix.Root
      open={open}
      onOpenChange={(next) => {
        if (!next) onClose()
      }}
    >
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 bg-black/40 dark:bg-black/60" />
        <Radix.Content
          aria-describedby={undefined}
          onOpenAutoFocus={() => {
            opener.current = document.activeElement instanceof HTMLElement ? document.activeElement : null
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            opener.current?.focus()
            // Its button may have gone, or be of no use any more.
            if (document.activeElement !== opener.current) document.querySelector('main')?.focus()
          }}
          className="fixed z-50 flex max-h-[92dvh] flex-col overflow-hidden border border-line bg-surface shadow-2xl outline-none max-sm:inset-x-0 max-sm:bottom-0 max-sm:rounded-t-xl sm:top-[6dvh] sm:left-1/2 sm:max-h-[86dvh] sm:w-[min(40rem,calc(100vw-2rem))] sm:-translate-x-1/2 sm:rounded-xl"
        >
          <Radix.Title className="border-b border-line py-3 pr-14 pl-4 font-semibold break-names">
            {title}
          </Radix.Title>
          {children}
          {/* Last in order, so that focus begins at the dialog's own first field. */}
          <Radix.Close
            aria-label="Dismiss"
            className="absolute top-1.5 right-2 inline-flex size-9 items-center justify-center rounded-md text-muted hover:bg-sunken hover:text-ink max-sm:top-0.5 max-sm:right-1 max-sm:size-11"
          >
            <X aria-hidden="true" className="size-4" />
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** The part of a dialog that scrolls. */
export const DialogBody = ({ children }: { children: ReactNode }) => (
  <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-4 *:shrink-0">{children}</div>
)

/** Its buttons, always in sight. */
export const DialogFoot = ({ children }: { children: ReactNode }) => (
  <div className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-4 py-3 max-sm:pb-[max(0.75rem,env(safe-area-inset-bottom))] max-sm:*:flex-1">
    {children}
  </div>
)
