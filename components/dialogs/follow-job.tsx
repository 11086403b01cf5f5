'use client'

import { useEffect } from 'react'
import { BlockJobProgress } from '@/components/jobs/block-job-progress'
import { follow } from '@/components/jobs/followed-jobs'
import { JobControls } from '@/components/jobs/job-controls'
import { JobOutcome } from '@/components/jobs/job-outcome'
import { useJob } from '@/components/jobs/use-job'
import { Button } from '@/components/ui/button'
import { DialogBody, DialogFoot } from '@/components/ui/dialog'
import { ProgressBar } from '@/components/ui/progress-bar'
import { WaysOut } from '@/components/jobs/ways-out'
import { Notice } from '@/components/ui/notice'
import type { VmActs } from '@/components/vm/vm-acts'

/** A dialog after its confirm: the job as it moves, then how it ended. */
export function FollowJob({ jobId, acts, onClose }: { jobId: string; acts: VmActs; onClose: () => void }) {
  const { job, blockJobs } = useJob(jobId)
  useEffect(() => follow(jobId), [jobId])
  const ended = job !== null && job.endedAtMs !== null
  return (
    <>
      <DialogBody>
        <div className="flex min-h-28 flex-col gap-3">
          {job?.status === 'waiting' && (
            <Notice tone="warn" role="alert">
              {job.error}
            </Notice>
          )}
          {!ended && (
            <>
              <p role="status" className="text-sm">
                {job?.note ?? (job ? job.title : 'Starting…')}
              </p>
              {blockJobs.length > 0 ? (
                blockJobs.map((each) => <BlockJobProgress key={each.target} job={each} />)
              ) : (
                <ProgressBar label={job?.title ?? 'Job'} percent={job?.percent ?? null} />
              )}
              {job && <WaysOut job={job} acts={acts} />}
              {job && <JobControls job={job} blockJobs={blockJobs} acts={acts} />}
            </>
          )}
          {ended && <JobOutcome job={job} />}
        </div>
      </DialogBody>
      <DialogFoot>
        {!ended && <p className="flex-1 text-[13px] text-muted">It goes on when this is closed.</p>}
        <Button variant={ended ? 'primary' : 'outline'} onClick={onClose}>
          Close
        </Button>
      </DialogFoot>
    </>
  )
}
