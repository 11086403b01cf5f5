import 'server-only'
import { z } from 'zod'
import { readChainLocks } from '../chains/chain-locks.ts'
import { refuseBusy } from '../hosts/busy.ts'
import { requireVm } from '../hosts/find-vm.ts'
import { Refusal } from '../jobs/refusal.ts'
import { startJob } from '../jobs/start-job.ts'
import { refuseChangedPlan } from '../plans/fingerprint.ts'
import { deleteSaga } from './delete-saga.ts'
import { readDeletePlan } from './read-plans.ts'

export const DeleteInput = z.object({
  host: z.string(),
  vm: z.string(),
  snapshot: z.string(),
  withChildren: z.boolean(),
  metadataOnly: z.boolean(),
  fingerprint: z.string(),
  nonce: z.string().min(1),
})
export type DeleteInput = z.infer<typeof DeleteInput>

/** Plans the delete anew and starts the job. Throws Refusal (also when the plan is not the one that was shown), HostDown, VmGone; nothing is changed then. */
export async function startDelete(input: DeleteInput, user: { name: string }): Promise<{ jobId: string }> {
  const { host, vm } = await requireVm(input.host, input.vm)
  await refuseBusy(host, vm, null)
  const plan = await readDeletePlan(host.name, vm.uuid, input.snapshot, input.withChildren)
  if (plan.refusal && !input.metadataOnly)
    throw new Refusal(`${input.snapshot} can’t be deleted. ${plan.refusal}`)
  refuseChangedPlan(input.fingerprint, plan.plan.fingerprint)
  const locks = await readChainLocks(host, vm)
  const title = `Delete ${input.snapshot}${input.withChildren ? ' with its children' : ''}${input.metadataOnly ? ' (metadata only)' : ''}`
  return startJob(
    deleteSaga,
    { host: host.name, vmUuid: vm.uuid, vmName: vm.name, title, nonce: input.nonce, locks },
    {
      host: host.name,
      vm: vm.uuid,
      order: plan.order,
      keeps: plan.keeps,
      createdAtMs: plan.createdAtMs,
      receivers: plan.receivers,
      removedFiles: plan.removedFiles,
      rebased: input.metadataOnly ? [] : plan.rebased,
      pins: input.metadataOnly ? [] : plan.pins,
      metadataOnly: input.metadataOnly,
      bytesToCopy: input.metadataOnly ? null : plan.bytesToCopy,
    },
    user,
  )
}
