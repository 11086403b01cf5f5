'use client'

import { CircleCheck, CircleX, Hourglass, LoaderCircle } from 'lucide-react'
import type { JobView } from '@/lib/jobs/types'
import { useJob } from '@/components/jobs/use-job'
import type { Sent } from '@/components/many/use-start-each'
import { PageLink } from '@/components/page-link'
import { jobPagePath, vmPath } from '@/components/paths'
import type { VmRef } from '@/components/vm/vm-ref'
import { classNames } from '@/components/class-names'

/** Events bring what changes; this is for where they don't come, of dozens at once. */
const LOOK_EVERY_MS = 5_000

const LOOKS = {
  waits: { icon: Hourglass, word: 'waits', colour: 'text-muted' },
  runs: { icon: LoaderCircle, word: 'runs', colour: 'text-accent' },
  good: { icon: CircleCheck, word: 'done', colour: 'text-ok' },
  bad: { icon: CircleX, word: 'not done', colour: 'text-danger' },
} as const
type Look = keyof typeof LOOKS

const NOT_ANSWERED: Record<Exclude<Sent['state'], 'done' | 'refused'>, string> = {
  waiting: 'Waits its turn.',
  sending: 'Asking…',
  'not sent': 'Not sent: you stopped before.',
}

/** How it went with one VM: one line, that of its job once there is one. */
export function VmOutcome({ vm, sent }: { vm: VmRef; sent: Sent }) {
  if (sent.state === 'done' && sent.jobId !== null) return <JobLine vm={vm} jobId={sent.jobId} />
  if (sent.state === 'done') return <Line vm={vm} look="good" sentence="Saved." />
  if (sent.state === 'refused') return <Line vm={vm} look="bad" sentence={sent.message} />
  return <Line vm={vm} look="waits" sentence={NOT_ANSWERED[sent.state]} />
}

function JobLine({ vm, jobId }: { vm: VmRef; jobId: string }) {
  const { job } = useJob(jobId, null, LOOK_EVERY_MS)
  return <Line vm={vm} {...stateOf(job)} jobId={jobId} />
}

/** null: nothing is known of it yet. */
function stateOf(job: JobView | null): { look: Look; sentence: string } {
  if (job === null) return { look: 'runs', sentence: 'Begun.' }
  if (job.endedAtMs === null)
    return {
      // It waits for somebody to choose how it goes on.
      look: job.status === 'waiting' ? 'bad' : 'runs',
      sentence: job.error ?? job.note ?? `${job.title}.`,
    }
  if (job.status === 'succeeded' && job.differences.length > 0)
    return { look: 'bad', sentence: `Done, but not as planned: ${job.differences[0]}` }
  if (job.status === 'succeeded') return { look: 'good', sentence: job.result[0] ?? `${job.title}: done.` }
  return { look: 'bad', sentence: job.error ?? `${job.title}: ${job.status}.` }
}

function Line({ vm, look, sentence, jobId }: { vm: VmRef; look: Look; sentence: string; jobId?: string }) {
  const { icon: Icon, word, colour } = LOOKS[look]
  return (
    <li className="flex items-start gap-2 px-3 py-2 text-sm">
      <Icon role="img" aria-label={word} className={classNames('mt-0.5 size-4 shrink-0', colour)} />
      <p className="min-w-0 flex-1 break-names">
        <PageLink href={vmPath(vm.host, vm.name)} className="font-medium hover:underline">
          {vm.name}
        </PageLink>
        : {sentence}
      </p>
      {jobId !== undefined && (
        <PageLink
          href={jobPagePath(jobId)}
          className="shrink-0 text-accent underline max-sm:-my-2 max-sm:py-2.5"
        >
          Job
        </PageLink>
      )}
    </li>
  )
}
