import { CircleCheck, CircleX, LoaderCircle, SkipForward, type LucideIcon } from 'lucide-react'
import type { JobCall, JobStep } from '@/lib/jobs/types'
import { classNames } from '@/components/class-names'
import { CopyButton } from '@/components/ui/copy-button'
import { When } from '@/components/when'

const LOOKS: Record<JobStep['status'], { icon: LucideIcon; word: string; colour: string }> = {
  running: { icon: LoaderCircle, word: 'being done', colour: 'text-muted' },
  done: { icon: CircleCheck, word: 'done', colour: 'text-ok' },
  found: { icon: SkipForward, word: 'found done already', colour: 'text-ok' },
  failed: { icon: CircleX, word: 'failed', colour: 'text-danger' },
}

/** What a job did, step by step: when, with which calls, and what came back. */
export function JobStory({ steps }: { steps: JobStep[] }) {
  const runs = [...new Set(steps.map((step) => step.run))]
  return (
    <section aria-labelledby="story" className="flex flex-col gap-3">
      <h2 id="story" className="font-semibold">
        Steps
      </h2>
      {steps.length === 0 && (
        <p className="text-sm text-muted">None yet. Each step is written down here before it is done.</p>
      )}
      {runs.map((run) => {
        const own = steps.filter((step) => step.run === run)
        return (
          <div key={run} className="flex flex-col gap-1">
            {runs.length > 1 && (
              <h3 className="text-[13px] font-medium text-muted">{runTitle(run, own[0])}</h3>
            )}
            <ol className="divide-y divide-line rounded-lg border border-line bg-surface">
              {own.map((step) => (
                <Step key={step.id} step={step} />
              ))}
            </ol>
          </div>
        )
      })}
    </section>
  )
}

function runTitle(run: number, first: JobStep | undefined): string {
  if (first?.mode === 'undo') return 'Undo'
  return run === 1 ? 'First run' : `Run ${run}`
}

function Step({ step }: { step: JobStep }) {
  const { icon: Icon, word, colour } = LOOKS[step.status]
  return (
    <li className="flex flex-col gap-1.5 px-3 py-2 text-sm sm:px-4">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <span className="flex min-w-0 items-baseline gap-x-3">
          <Icon aria-hidden="true" className={classNames('mt-0.5 size-4 shrink-0 self-start', colour)} />
          <span className="inline-block min-w-0 font-medium break-names first-letter:uppercase">
            {step.name}
          </span>
        </span>
        <span className={colour}>{word}</span>
        <span className="text-[13px] text-muted">
          <When ms={step.begunAtMs} />
          {step.endedAtMs !== null && ` · ${took(step.endedAtMs - step.begunAtMs)}`}
        </span>
      </div>
      {step.calls.map((call, index) => (
        <Call key={index} call={call} />
      ))}
      {step.outcome !== null && (
        <p
          className={classNames(
            'text-[13px] break-names',
            step.status === 'failed' ? 'text-danger' : 'text-muted',
          )}
        >
          {step.outcome}
        </p>
      )}
    </li>
  )
}

function Call({ call }: { call: JobCall }) {
  return (
    <div className="flex flex-col gap-1 rounded-md border border-line bg-sunken/40 px-2.5 py-2">
      <p className="text-[13px]">
        <span className="font-medium">{call.procedure}</span>{' '}
        <span className="text-muted">
          {call.endedAtMs === null
            ? 'not answered yet'
            : `${took(call.endedAtMs - call.begunAtMs)} · ${call.outcome ?? ''}`}
        </span>
      </p>
      {call.virsh !== '' && (
        <div className="flex items-start gap-2">
          <code className="min-w-0 flex-1 text-[12px] break-names whitespace-pre-wrap">{call.virsh}</code>
          <CopyButton text={call.virsh} label="Copy the virsh command" />
        </div>
      )}
      {call.xml !== null && (
        <details>
          <summary className="text-[13px] text-muted">XML</summary>
          <pre className="mt-1 overflow-x-auto text-[12px] whitespace-pre-wrap break-names">{call.xml}</pre>
        </details>
      )}
    </div>
  )
}

const took = (ms: number): string => (ms < 1_000 ? `${Math.max(0, ms)} ms` : `${(ms / 1000).toFixed(1)} s`)
