import { CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from '@/components/class-names'

const LOOKS = {
  danger: { icon: TriangleAlert, frame: 'border-danger/50 bg-danger/8', sign: 'text-danger' },
  warn: { icon: TriangleAlert, frame: 'border-warn/50 bg-warn/8', sign: 'text-warn' },
  ok: { icon: CircleCheck, frame: 'border-ok/50 bg-ok/8', sign: 'text-ok' },
  plain: { icon: Info, frame: 'border-line bg-sunken/60', sign: 'text-muted' },
} as const

interface Props {
  tone: keyof typeof LOOKS
  role?: 'status' | 'alert' | undefined
  className?: string
  children: ReactNode
}

/** A framed word to the reader; a sign goes with the colour. */
export function Notice({ tone, role, className, children }: Props) {
  const { icon: Icon, frame, sign } = LOOKS[tone]
  return (
    <div
      role={role}
      className={classNames('flex min-w-0 gap-2 rounded-md border px-3 py-2 text-sm', frame, className)}
    >
      <Icon aria-hidden="true" className={classNames('mt-0.5 size-4 shrink-0', sign)} />
      <div className="min-w-0 flex-1 break-names">{children}</div>
    </div>
  )
}
