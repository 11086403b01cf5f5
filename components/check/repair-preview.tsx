import type { RepairOffer } from '@/lib/repairs/types'
import { Notice } from '@/components/ui/notice'

/** Exactly what will be done, and what it costs. */
export const RepairPreview = ({ repair }: { repair: RepairOffer }) => (
  <div className="flex flex-col gap-3 text-sm">
    <Notice tone="warn">{repair.danger}</Notice>
    <ol className="flex list-decimal flex-col gap-1.5 pl-5">
      {repair.preview.map((line) => (
        <li key={line} className="break-names">
          {line}
        </li>
      ))}
    </ol>
  </div>
)
