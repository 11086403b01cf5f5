import 'server-only'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { describeOutcome } from './describe-outcome.ts'
import type { JobCall, JobStep } from './types.ts'

/** A call to libvirt as a step is about to make it, and the call itself: both are made of the same arguments (lib/hosts/described-calls.ts). */
export interface DescribedCall<T> {
  /** libvirt's name, e.g. "virDomainBlockCommit". */
  procedure: string
  /** The same as a command line. */
  virsh: string
  xml?: string
  run: () => Promise<T>
}

/** Records a call, makes it, and records what came back. */
export type LogCall = <T>(call: DescribedCall<T>) => Promise<T>

/** For callers without a job. */
export const notLogged: LogCall = (call) => call.run()

/** Of what came back as much is kept: an XML of a thousand layers tells nobody more. */
const OUTCOME_MAX_CHARACTERS = 4_000

const told = (jobId: string) => publish({ type: 'job-story', jobId })
const clip = (text: string) => text.slice(0, OUTCOME_MAX_CHARACTERS)

/** The record of one step; written before the step acts. */
export interface StepRecord {
  call: LogCall
  end(status: 'done' | 'found' | 'failed', outcome: unknown): Promise<void>
}

/** Begins the record of a step; one that a dead process left open is gone on with. */
export async function recordStep(
  job: { id: string; run: number; mode: 'do' | 'undo' },
  name: string,
): Promise<StepRecord> {
  const open = await store()
    .selectFrom('job_steps')
    .select('id')
    .where('job_id', '=', job.id)
    .where('run', '=', job.run)
    .where('name', '=', name)
    .where('status', '=', 'running')
    .executeTakeFirst()
  const stepId =
    open?.id ??
    (
      await store()
        .insertInto('job_steps')
        .values({
          job_id: job.id,
          run: job.run,
          mode: job.mode,
          name,
          status: 'running',
          begun_at_ms: Date.now(),
          ended_at_ms: null,
          outcome: null,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id
  told(job.id)
  return {
    async call(call) {
      const { id } = await store()
        .insertInto('job_calls')
        .values({
          step_id: stepId,
          procedure: call.procedure,
          virsh: call.virsh,
          xml: call.xml ?? null,
          begun_at_ms: Date.now(),
          ended_at_ms: null,
          outcome: null,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      told(job.id)
      const end = (outcome: string | null) =>
        store()
          .updateTable('job_calls')
          .set({ ended_at_ms: Date.now(), outcome })
          .where('id', '=', id)
          .execute()
      try {
        const value = await call.run()
        await end('ok')
        return value
      } catch (error) {
        await end(clip(error instanceof Error ? error.message : String(error)))
        throw error
      } finally {
        told(job.id)
      }
    },
    async end(status, outcome) {
      const words = describeOutcome(outcome)
      await store()
        .updateTable('job_steps')
        .set({ status, ended_at_ms: Date.now(), outcome: words === null ? null : clip(words) })
        .where('id', '=', stepId)
        .execute()
      told(job.id)
    },
  }
}

/** Everything a job did, in order. */
export async function readJobStory(jobId: string): Promise<JobStep[]> {
  const steps = await store()
    .selectFrom('job_steps')
    .selectAll()
    .where('job_id', '=', jobId)
    .orderBy('id')
    .execute()
  const calls =
    steps.length === 0
      ? []
      : await store()
          .selectFrom('job_calls')
          .selectAll()
          .where(
            'step_id',
            'in',
            steps.map((step) => step.id),
          )
          .orderBy('id')
          .execute()
  return steps.map((step) => ({
    id: step.id,
    run: step.run,
    mode: step.mode as JobStep['mode'],
    name: step.name,
    status: step.status as JobStep['status'],
    begunAtMs: step.begun_at_ms,
    endedAtMs: step.ended_at_ms,
    outcome: step.outcome,
    calls: calls
      .filter((call) => call.step_id === step.id)
      .map((call): JobCall => ({
        procedure: call.procedure,
        virsh: call.virsh,
        xml: call.xml,
        begunAtMs: call.begun_at_ms,
        endedAtMs: call.ended_at_ms,
        outcome: call.outcome,
      })),
  }))
}
