'use client'

import { useState } from 'react'
import type { BlockJobView } from '@/lib/hosts/types'
import type { JobView } from '@/lib/jobs/types'
import { OnlyWhoMay } from '@/components/access/may'
import { classNames } from '@/components/class-names'
import { formatRate, parseMibPerSecond, toMibPerSecond } from '@/components/format-bytes'
import { useStart } from '@/components/dialogs/use-start'
import { Button } from '@/components/ui/button'
import { inputStyle } from '@/components/ui/field'
import type { VmActs } from '@/components/vm/vm-acts'

type Acts = Pick<VmActs, 'cancelJob' | 'setBandwidth'>

/** What can be done with a running job: its limit, and its end. */
export function JobControls({
  job,
  blockJobs,
  acts,
}: {
  job: JobView
  blockJobs: BlockJobView[]
  acts: Acts
}) {
  const limit =
    job.kind === 'backup' ? null : (blockJobs[0]?.bandwidthBytesPerSecond ?? job.limitBytesPerSecond)
  const cancel = useStart(acts.cancelJob, () => undefined)
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      {limit !== null && (
        <OnlyWhoMay act="merge.bandwidth">
          <BandwidthForm jobId={job.id} now={limit} setBandwidth={acts.setBandwidth} />
        </OnlyWhoMay>
      )}
      {job.kind === 'backup' && (
        <OnlyWhoMay act="merge.bandwidth">
          <p className="text-[13px] text-muted">
            libvirt has no bandwidth limit for a backup that QEMU pushes.
          </p>
        </OnlyWhoMay>
      )}
      {job.canCancel && (
        <OnlyWhoMay act="job.cancel">
          <Button
            variant="danger"
            size="small"
            disabled={cancel.pending}
            onClick={() => cancel.submit({ jobId: job.id })}
          >
            Cancel job
          </Button>
        </OnlyWhoMay>
      )}
      {cancel.message && (
        <p role="alert" className="w-full text-sm text-danger">
          {cancel.message}
        </p>
      )}
    </div>
  )
}

function BandwidthForm({
  jobId,
  now,
  setBandwidth,
}: {
  jobId: string
  now: number
  setBandwidth: Acts['setBandwidth']
}) {
  const [text, setText] = useState(() => toMibPerSecond(now))
  const { submit, pending, message } = useStart(setBandwidth, () => undefined)
  const bytesPerSecond = parseMibPerSecond(text)
  return (
    <form
      className="flex flex-wrap items-center gap-2 text-[13px]"
      onSubmit={(event) => {
        event.preventDefault()
        if (bytesPerSecond !== null) submit({ jobId, bandwidthBytesPerSecond: bytesPerSecond })
      }}
    >
      <label className="flex items-center gap-2">
        Limit, MiB/s
        <input
          value={text}
          onChange={(event) => setText(event.target.value)}
          inputMode="decimal"
          placeholder="none"
          aria-invalid={bytesPerSecond === null || undefined}
          className={classNames(inputStyle, 'h-7 w-20 px-2')}
        />
      </label>
      <Button type="submit" variant="outline" size="small" disabled={pending || bytesPerSecond === null}>
        Set limit
      </Button>
      <span className="text-muted">now {now === 0 ? 'no limit' : formatRate(now)}</span>
      {message && (
        <span role="alert" className="text-danger">
          {message}
        </span>
      )}
    </form>
  )
}
