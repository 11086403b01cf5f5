'use client'

import type { JobAct, JobView } from '@/lib/jobs/types'
import { useMay } from '@/components/access/may'
import { useStart } from '@/components/dialogs/use-start'
import { Button } from '@/components/ui/button'
import type { VmActs } from '@/components/vm/vm-acts'

const LABELS: Record<JobAct, string> = {
  retry: 'Retry',
  resume: 'Resume',
  undo: 'Undo',
  pause: 'Pause the guest for a moment',
  unlimit: 'Take the limit away',
}

/** What can be chosen of a job now, each with what it does. */
export function WaysOut({ job, acts }: { job: JobView; acts: Pick<VmActs, 'chooseWayOut'> }) {
  const { submit, pending, message } = useStart(acts.chooseWayOut, () => undefined)
  const may = useMay('job.way-out')
  if (!may || (job.offers.length === 0 && !message)) return null
  return (
    <div className="flex flex-col gap-2">
      {job.offers.map(({ act, sentence }) => (
        <div key={act} className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Button
            variant={act === 'undo' ? 'danger' : 'outline'}
            size="small"
            disabled={pending}
            onClick={() => submit({ jobId: job.id, act })}
          >
            {LABELS[act]}
          </Button>
          <span className="min-w-0 flex-1 basis-60 text-[13px] break-names text-muted">{sentence}</span>
        </div>
      ))}
      {message && (
        <p role="alert" className="text-sm text-danger">
          {message}
        </p>
      )}
    </div>
  )
}
