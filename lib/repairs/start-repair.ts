import 'server-only'
import { z } from 'zod'
import { readChainLocks } from '../chains/chain-locks.ts'
import { refuseBusy } from '../hosts/busy.ts'
import { requireHost, requireVm } from '../hosts/find-vm.ts'
import { Refusal } from '../jobs/refusal.ts'
import { startJob } from '../jobs/start-job.ts'
import { readDeletePlan } from '../snapshots/read-plans.ts'
import { startDelete } from '../snapshots/delete-snapshot.ts'
import type { RepairJob } from './repair-job.ts'
import { repairSaga } from './repair-saga.ts'
import { sameAsPreviewed } from './same-as-previewed.ts'

export const RepairInput = z.object({
  host: z.string(),
  repair: z.string(),
  fingerprint: z.string(),
  typed: z.string(),
  nonce: z.string().min(1),
})
export type RepairInput = z.infer<typeof RepairInput>

/** Looks at the host anew and starts the repair if what it rests on is as it was previewed. Throws Refusal, HostDown, VmGone; nothing is changed then. */
export async function startRepair(input: RepairInput, user: { name: string }): Promise<{ jobId: string }> {
  const host = requireHost(input.host)
  const { finding, repair, plan } = await sameAsPreviewed(input)
  if (repair.confirm !== null && input.typed !== repair.confirm)
    throw new Refusal(`Type ${repair.confirm} to go on: nothing was done.`, {
      typed: 'This is not the name of the file.',
    })
  if (plan.act === 'delete-snapshot') {
    const { fingerprint } = (await readDeletePlan(host.name, finding.vm!.uuid, plan.snapshot, false)).plan
    return startDelete(
      {
        host: host.name,
        vm: finding.vm!.uuid,
        snapshot: plan.snapshot,
        withChildren: false,
        metadataOnly: plan.metadataOnly,
        fingerprint,
        nonce: input.nonce,
      },
      user,
    )
  }
  if (finding.vm) await refuseBusy(host, (await requireVm(host.name, finding.vm.uuid)).vm, null)
  // A file of no VM is the host's: its job stands under the host's name, with no VM's UUID.
  const subject = { host: host.name, vmUuid: finding.vm?.uuid ?? '', vmName: finding.vm?.name ?? host.name }
  return startJob(
    repairSaga,
    {
      ...subject,
      title: titleOf(plan),
      nonce: input.nonce,
      locks:
        plan.act === 'remove-file' || plan.act === 'set-backing-format'
          ? [plan.path]
          : await readChainLocks(host, (await requireVm(host.name, finding.vm!.uuid)).vm),
    },
    {
      host: host.name,
      vm: finding.vm?.uuid ?? null,
      repair: input.repair,
      fingerprint: input.fingerprint,
      plan,
    },
    user,
  )
}

function titleOf(plan: RepairJob['plan']): string {
  switch (plan.act) {
    case 'finish-delete':
      return `Finish the delete of ${plan.snapshot}`
    case 'remove-file':
      return `Remove ${plan.path}`
    case 'align-next-start':
      return `Use the files of now for the next start: ${plan.disks.map(({ target }) => target).join(', ')}`
    case 'rescue-disk':
      return `Save ${plan.target} to ${plan.destination}`
    case 'flatten':
      return `Shorten the chain of ${plan.target}`
    case 'set-backing-format':
      return `Record the backing format ${plan.format} in ${plan.path}`
  }
}
