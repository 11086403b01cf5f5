import 'server-only'
import { posix } from 'node:path'
import { z } from 'zod'
import { readChainLocks } from '../chains/chain-locks.ts'
import { requireVm } from '../hosts/find-vm.ts'
import { Refusal } from '../jobs/refusal.ts'
import { startJob } from '../jobs/start-job.ts'
import { refuseChangedPlan } from '../plans/fingerprint.ts'
import { Bandwidth } from './bandwidth.ts'
import { mergeSaga } from './merge-saga.ts'
import type { PlannedMerge } from './plan-merge.ts'
import { readMergePlans } from './read-merge-plans.ts'

export const MergeInput = z.object({
  host: z.string(),
  vm: z.string(),
  ranges: z
    .array(
      z.object({
        target: z.string(),
        direction: z.enum(['commit', 'pull']),
        topPath: z.string(),
        basePath: z.string().nullable(),
        fingerprint: z.string(),
        /** Also remove the templates that a pull no longer needs. */
        removeTemplates: z.boolean().optional(),
        /** The template's file name, typed: only for a commit that changes one. */
        insist: z.string().optional(),
      }),
    )
    .min(1, 'Choose at least one disk.'),
  bandwidthBytesPerSecond: Bandwidth,
  nonce: z.string().min(1),
})
export type MergeInput = z.infer<typeof MergeInput>

/** Plans each range anew and starts the job. Throws Refusal (also when a plan is not the one that was shown), HostDown, VmGone; nothing is changed then. */
export async function startMerge(input: MergeInput, user: { name: string }): Promise<{ jobId: string }> {
  const { host, vm } = await requireVm(input.host, input.vm)
  if (new Set(input.ranges.map((range) => range.target)).size < input.ranges.length)
    throw new Refusal('Each disk can be merged once in one job.')
  const plans = await Promise.all(
    input.ranges.map(async (range) => {
      const options = await readMergePlans(host.name, vm.uuid, {
        target: range.target,
        topPath: range.topPath,
        basePath: range.basePath,
        removeTemplates: range.removeTemplates,
      })
      const plan = options.find((option) => option.direction === range.direction)
      if (!plan)
        throw new Refusal(`${vm.name} has no disk ${range.target}. Reload the page: its disks changed.`)
      // First: a plan that another tool's act in between made impossible is told with the new plan, not as a dead end.
      refuseChangedPlan(range.fingerprint, plan.plan.fingerprint)
      if (plan.refusal) throw new Refusal(`${range.target} can’t be merged. ${plan.refusal}`)
      if (plan.insist !== null && range.insist !== plan.insist)
        throw new Refusal(
          `The merge of ${range.target} changes ${plan.insist}, a template. To merge all the same, type its name.`,
          {
            insist: `Type ${plan.insist} to merge all the same.`,
          },
        )
      return plan
    }),
  )
  const locks = await readChainLocks(host, vm)
  const title = `Merge ${plans.map((plan) => `${plan.target}: ${posix.basename(plan.topPath)} ${howFar(plan)}`).join('; ')}`
  return startJob(
    mergeSaga,
    { host: host.name, vmUuid: vm.uuid, vmName: vm.name, title, nonce: input.nonce, locks },
    { host: host.name, vm: vm.uuid, plans, bandwidthBytesPerSecond: input.bandwidthBytesPerSecond },
    user,
  )
}

function howFar({ direction, basePath }: PlannedMerge): string {
  if (direction === 'commit') return `into ${posix.basename(basePath ?? '')}`
  return basePath === null ? 'with all below' : `down to ${posix.basename(basePath)}`
}
