import { CircleCheck, CircleHelp, CircleX, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { Plan, PlanCheck, Verdict } from '@/lib/plans/types'
import { classNames } from '@/components/class-names'
import { countChecks } from '@/components/dialogs/count-checks'
import { formatBytes } from '@/components/format-bytes'
import { formatDuration } from '@/components/format-time'

interface Props {
  /** More than one where each disk has its own. */
  plans: { name: string | null; plan: Plan }[]
  /** While a newer plan is on its way. */
  dimmed?: boolean
}

const LOOKS: Record<Verdict, { icon: LucideIcon; word: string; colour: string }> = {
  refused: { icon: CircleX, word: 'in the way', colour: 'text-danger' },
  warn: { icon: TriangleAlert, word: 'mind', colour: 'text-warn' },
  unknown: { icon: CircleHelp, word: 'can’t be asked', colour: 'text-muted' },
  ok: { icon: CircleCheck, word: 'fine', colour: 'text-ok' },
}

/** What will be done, step by step, and what was checked: what is wrong stands open with its remedy, the rest is folded. */
export function PlanView({ plans, dimmed = false }: Props) {
  const checks = distinct(
    plans.flatMap(({ name, plan }) =>
      plan.checks.map((check) => ({ ...check, of: plans.length > 1 ? name : null })),
    ),
  )
  const open = checks.filter((check) => check.verdict === 'refused' || check.verdict === 'warn')
  const folded = checks.filter((check) => check.verdict === 'ok' || check.verdict === 'unknown')
  const steps = plans.flatMap(({ name, plan }) =>
    plan.steps.map((step) => ({ ...step, of: plans.length > 1 ? name : null })),
  )
  const expected = steps.reduce((sum, step) => sum + (step.expectedMs ?? 0), 0)
  return (
    <section aria-label="Plan" className={classNames('flex flex-col gap-2 text-sm', dimmed && 'opacity-60')}>
      {open.length > 0 && (
        <ul className="flex flex-col gap-1.5">
          {open.map((check) => (
            <Check key={keyOf(check)} check={check} />
          ))}
        </ul>
      )}
      <details className="rounded-md border border-line">
        <summary className="flex flex-wrap items-center gap-x-3 px-3 py-2 max-sm:min-h-11">
          <span className="font-medium">Plan</span>
          <span className="text-[13px] text-muted">
            {steps.length === 1 ? '1 step' : `${steps.length} steps`} ·{' '}
            {expected > 0 ? `about ${formatDuration(expected / 1000)}` : 'no forecast yet'} ·{' '}
            {countChecks(checks)}
          </span>
        </summary>
        <div className="flex flex-col gap-3 border-t border-line px-3 py-2.5">
          <ol className="flex list-decimal flex-col gap-1 pl-5">
            {steps.map((step, index) => (
              <li key={index} className="break-names">
                {step.of && <span className="font-medium">{step.of}: </span>}
                {step.sentence}
                {(step.bytes !== null || step.expectedMs !== null) && (
                  <span className="text-muted">
                    {' '}
                    {[
                      step.bytes === null ? null : formatBytes(step.bytes),
                      step.expectedMs === null ? null : `about ${formatDuration(step.expectedMs / 1000)}`,
                    ]
                      .filter(Boolean)
                      .join(', ')}
                  </span>
                )}
              </li>
            ))}
          </ol>
          <p className="text-[13px] text-muted">{plans[0]?.plan.forecast}</p>
          <ul className="flex flex-col gap-1.5">
            {folded.map((check) => (
              <Check key={keyOf(check)} check={check} />
            ))}
          </ul>
        </div>
      </details>
    </section>
  )
}

type NamedCheck = PlanCheck & { of: string | null }

const keyOf = (check: NamedCheck) => `${check.of}/${check.name}/${check.sentence}`

/** The same word on every disk is said once. */
function distinct(checks: NamedCheck[]): NamedCheck[] {
  const known = new Map<string, NamedCheck>()
  for (const check of checks) {
    const key = `${check.name}/${check.verdict}/${check.sentence}`
    known.set(key, known.has(key) ? { ...check, of: null } : check)
  }
  return [...known.values()]
}

function Check({ check }: { check: NamedCheck }) {
  const { icon: Icon, word, colour } = LOOKS[check.verdict]
  return (
    <li className="flex items-start gap-2">
      <Icon role="img" aria-label={word} className={classNames('mt-0.5 size-4 shrink-0', colour)} />
      <span className="min-w-0 break-names">
        <span className="inline-block font-medium first-letter:uppercase">
          {check.of ? `${check.of}, ${check.name}` : check.name}
        </span>
        : {check.sentence}
        {check.remedy && <span className="text-muted"> {check.remedy}</span>}
      </span>
    </li>
  )
}
