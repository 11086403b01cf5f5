import 'server-only'
import { z } from 'zod'
import { readChainLocks } from '../chains/chain-locks.ts'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import { refuseBusy } from '../hosts/busy.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { Refusal } from '../jobs/refusal.ts'
import { startJob } from '../jobs/start-job.ts'
import { refuseChangedPlan } from '../plans/fingerprint.ts'
import { planSnapshot } from './create-snapshot.ts'
import { readRevertPlan } from './read-plans.ts'
import { revertSaga } from './revert-saga.ts'
import { proposeSnapshotName } from './snapshot-name.ts'
import type { SnapshotRequest } from './snapshot-request.ts'

export const RevertInput = z.object({
  host: z.string(),
  vm: z.string(),
  snapshot: z.string(),
  stateAfter: z.enum(['running', 'off', 'as-it-was']),
  safetySnapshot: z.boolean(),
  fingerprint: z.string(),
  nonce: z.string().min(1),
  /** The VM's name, typed: only for a snapshot whose data is unproven. */
  insist: z.string().optional(),
})
export type RevertInput = z.infer<typeof RevertInput>

/** Checks everything that can be known beforehand and starts the job. Throws Refusal, HostDown, VmGone; nothing is changed then. */
export async function startRevert(input: RevertInput, user: { name: string }): Promise<{ jobId: string }> {
  const { host, vm } = await requireVm(input.host, input.vm)
  await refuseBusy(host, vm, null)
  const plan = await readRevertPlan(host.name, vm.uuid, input.snapshot)
  if (plan.refusal) throw new Refusal(`${vm.name} can’t be reverted to ${input.snapshot}. ${plan.refusal}`)
  if (plan.unproven && input.insist !== vm.name)
    throw new Refusal(
      `What ${input.snapshot} froze is unproven. ${plan.unproven} To revert all the same, type the VM’s name.`,
      { insist: `Type ${vm.name} to revert all the same.` },
    )
  refuseChangedPlan(input.fingerprint, plan.plan.fingerprint)
  const locks = await readChainLocks(host, vm)
  if (input.safetySnapshot && plan.safetyRefusal !== null) throw new Refusal(plan.safetyRefusal)
  const after = input.stateAfter === 'as-it-was' ? plan.stateThen : input.stateAfter
  const safety = input.safetySnapshot ? await planSafety(host, vm, input.snapshot) : null
  const paths = (vm.description?.disks ?? []).map((disk) => ({ target: disk.target, path: disk.path }))
  const subject = {
    host: host.name,
    vmUuid: vm.uuid,
    vmName: vm.name,
    title: `Revert to ${input.snapshot}`,
    nonce: input.nonce,
    locks,
  }
  return startJob(
    revertSaga,
    subject,
    {
      host: host.name,
      vm: vm.uuid,
      snapshot: input.snapshot,
      after,
      safety,
      paths,
      keeps: plan.keeps,
      before: stateBefore(vm),
      emptied: plan.emptied,
    },
    user,
  )
}

function stateBefore(vm: KnownVm): 'running' | 'paused' | 'off' {
  if (!vm.running) return 'off'
  return vm.state === 'paused' ? 'paused' : 'running'
}

/** A snapshot of what is about to be discarded. */
async function planSafety(host: Host, vm: KnownVm, revertedTo: string): Promise<SnapshotRequest> {
  const { list } = await readSnapshots(await host.connection.reader(), vm.uuid)
  const name = `before-revert-${proposeSnapshotName([], new Date())}`
  const taken = list.map((snapshot) => snapshot.name)
  const disks = (vm.description?.disks ?? [])
    .filter((disk) => snapshotRefusal(disk) === null)
    .map((disk) => disk.target)
  return planSnapshot(host, vm, {
    name: taken.includes(name)
      ? proposeSnapshotName(
          taken.map((each) => each.replace(/^before-revert-/, '')),
          new Date(),
        ).replace(/^/, 'before-revert-')
      : name,
    description: `Taken by Keyframe before the revert to ${revertedTo}.`,
    quiesce: 'auto',
    disks,
    overlayDirectory: null,
  })
}
