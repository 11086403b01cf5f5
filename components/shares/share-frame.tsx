import type { ReactNode } from 'react'
import { classNames } from '@/components/class-names'
import { KeyframeMark } from '@/components/keyframe-mark'
import { When } from '@/components/when'

/** A page for people without an account: where it is from, until when it works, and no way further. */
export function ShareFrame({
  expiresAtMs = null,
  narrow = false,
  children,
}: {
  expiresAtMs?: number | null
  narrow?: boolean
  children: ReactNode
}) {
  return (
    <>
      <header className="border-b border-line bg-surface">
        <div className="mx-auto flex min-h-12 max-w-[90rem] flex-wrap items-center gap-x-4 px-4 py-1.5">
          <span className="flex items-center gap-2 font-semibold tracking-tight">
            <KeyframeMark className="size-4 text-accent" />
            Keyframe
          </span>
          {expiresAtMs !== null && (
            <p className="text-[13px] text-muted">
              Shared with you, read-only, until <When ms={expiresAtMs} />
            </p>
          )}
        </div>
      </header>
      <main
        tabIndex={-1}
        className={classNames(
          'mx-auto flex flex-col gap-5 px-4 outline-none',
          narrow ? 'max-w-xl gap-4 py-12' : 'max-w-[90rem] py-4',
        )}
      >
        {children}
      </main>
    </>
  )
}
