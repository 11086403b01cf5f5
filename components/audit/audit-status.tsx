import {
  Ban,
  CircleCheck,
  CircleHelp,
  CircleSlash,
  CircleX,
  LoaderCircle,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react'
import { AUDIT_STATUSES, type AuditStatus } from '@/lib/access/audit-query'
import { classNames } from '@/components/class-names'

const LOOKS: Record<AuditStatus, { icon: LucideIcon; colour: string }> = {
  ok: { icon: CircleCheck, colour: 'text-ok' },
  'not as planned': { icon: TriangleAlert, colour: 'text-warn' },
  'under way': { icon: LoaderCircle, colour: 'text-muted' },
  refused: { icon: Ban, colour: 'text-warn' },
  failed: { icon: CircleX, colour: 'text-danger' },
  cancelled: { icon: CircleSlash, colour: 'text-warn' },
  unfinished: { icon: CircleHelp, colour: 'text-warn' },
}

/** What became of an act, as a sign and a word. */
export function AuditStatusMark({ status }: { status: AuditStatus }) {
  const { icon: Icon, colour } = LOOKS[status]
  return (
    <span className={classNames('inline-flex items-baseline gap-1', colour)}>
      <Icon aria-hidden="true" className="size-3.5 translate-y-0.5" />
      {AUDIT_STATUSES[status]}
    </span>
  )
}
