import type { QrCode } from '@/lib/shares/types'
import { classNames } from '@/components/class-names'

/** Dark on light in the dark theme, too: cameras know no other. */
export const QrPicture = ({
  code,
  label,
  className,
}: {
  code: QrCode
  label: string
  className?: string
}) => (
  <svg
    role="img"
    aria-label={label}
    viewBox={`0 0 ${code.size} ${code.size}`}
    shapeRendering="crispEdges"
    className={classNames('rounded-md border border-line bg-white', className)}
  >
    <path d={code.path} fill="#000" />
  </svg>
)
