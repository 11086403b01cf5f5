'use client'

import type { BlockJobView } from '@/lib/hosts/types'
import { OnlyWhoMay } from '@/components/access/may'
import { BlockJobProgress } from '@/components/jobs/block-job-progress'
import { formatRate } from '@/components/format-bytes'
import { useStart } from '@/components/dialogs/use-start'
import { Button } from '@/components/ui/button'
import type { VmActs } from '@/components/vm/vm-acts'

/** A block job that was begun elsewhere, with virsh for example. */
export function ForeignJob({ job, acts }: { job: BlockJobView; acts: VmActs }) {
  const cancel = useStart(acts.cancelBlockJob, () => undefined)
  const pivot = useStart(acts.pivotBlockJob, () => undefined)
  const input = { host: job.host, vm: job.vmUuid, target: job.target }
  const message = cancel.message ?? pivot.message
  return (
    <li className="flex flex-col gap-2 rounded-lg border border-line bg-surface px-3 py-2.5 sm:px-4">
      <BlockJobProgress job={job}>
        <span>
          {job.bandwidthBytesPerSecond === 0
            ? 'no limit'
            : `limit ${formatRate(job.bandwidthBytesPerSecond)}`}
        </span>
        <span>begun elsewhere</span>
      </BlockJobProgress>
      <div className="flex flex-wrap items-center gap-2">
        {job.ready && (
          <OnlyWhoMay act="block-job.pivot">
            <Button
              variant="outline"
              size="small"
              disabled={pivot.pending}
              onClick={() => pivot.submit(input)}
            >
              Pivot
            </Button>
          </OnlyWhoMay>
        )}
        <OnlyWhoMay act="block-job.cancel">
          <Button
            variant="danger"
            size="small"
            disabled={cancel.pending}
            onClick={() => cancel.submit(input)}
          >
            Cancel job
          </Button>
        </OnlyWhoMay>
        {message && (
          <p role="alert" className="w-full text-sm text-danger">
            {message}
          </p>
        )}
      </div>
    </li>
  )
}
