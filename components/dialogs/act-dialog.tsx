'use client'

import { useState, type ReactNode } from 'react'
import { FollowJob } from '@/components/dialogs/follow-job'
import { randomId } from '@/components/random-id'
import { Dialog } from '@/components/ui/dialog'
import type { VmActs } from '@/components/vm/vm-acts'

interface Props {
  title: string
  acts: VmActs
  onClose: () => void
  children: (form: { nonce: string; onStarted: (result: { jobId: string }) => void }) => ReactNode
}

/** An open dialog: first its form, then the job that the form started. Mounted anew each time, so the nonce is, too. */
export function ActDialog({ title, acts, onClose, children }: Props) {
  const [nonce] = useState(randomId)
  const [jobId, setJobId] = useState<string | null>(null)
  return (
    <Dialog open title={title} onClose={onClose}>
      {jobId === null ? (
        children({ nonce, onStarted: (result) => setJobId(result.jobId) })
      ) : (
        <FollowJob jobId={jobId} acts={acts} onClose={onClose} />
      )}
    </Dialog>
  )
}
