import { CircleHelp, CircleX, Hourglass, Moon, Pause, Play, Square, type LucideIcon } from 'lucide-react'
import type { VmState } from '@/lib/hosts/types'
import { classNames } from '@/components/class-names'

const LOOKS: Record<VmState, { icon: LucideIcon; word: string; colour: string }> = {
  running: { icon: Play, word: 'running', colour: 'text-ok' },
  blocked: { icon: Play, word: 'running', colour: 'text-ok' },
  paused: { icon: Pause, word: 'paused', colour: 'text-warn' },
  'shutting down': { icon: Hourglass, word: 'shutting down', colour: 'text-warn' },
  'shut off': { icon: Square, word: 'off', colour: 'text-muted' },
  crashed: { icon: CircleX, word: 'crashed', colour: 'text-danger' },
  pmsuspended: { icon: Moon, word: 'asleep', colour: 'text-warn' },
  'no state': { icon: CircleHelp, word: 'unknown', colour: 'text-muted' },
}

/** A VM's state as a sign and a word, and libvirt's reason where it is not the ordinary one. */
export function VmStateMark({
  state,
  reason,
  className,
}: {
  state: VmState
  reason: string | null
  className?: string
}) {
  const { icon: Icon, word, colour } = LOOKS[state]
  return (
    <span className={classNames('inline-flex items-center gap-1.5 whitespace-nowrap', colour, className)}>
      <Icon
        aria-hidden="true"
        className="size-3.5"
        fill={state === 'running' || state === 'blocked' ? 'currentColor' : 'none'}
      />
      {word}
      {reason && <span className="text-muted">({reason})</span>}
    </span>
  )
}
