import 'server-only'
import { createHash } from 'node:crypto'
import type { KnownVm } from '../hosts/inventory.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { BlockJobView } from '../hosts/types.ts'
import type { PlanCheck } from './types.ts'

/** What a plan rests on of its VM. */
type PlannedVm = Pick<KnownVm, 'uuid' | 'running' | 'description'>

interface DiskPaths {
  target: string
  paths: readonly (string | null)[]
}

/** As the VM's XML has them: the whole chain while it runs, what it would start from while it is off. */
const openChains = (vm: PlannedVm): DiskPaths[] =>
  (vm.description?.disks ?? []).map((disk) => ({
    target: disk.target,
    paths: disk.layers.map((layer) => layer.path),
  }))

/**
 * Of what a plan rests on and comes to: chain, snapshots, jobs, the verdict of each check. Not byte counts: they move
 * while the guest writes. `what` is what was asked for and what it does, `chains` all disks of the VM unless said.
 */
export function fingerprintOf(
  jobs: readonly BlockJobView[],
  vm: PlannedVm,
  snapshots: { list: readonly SnapshotMetadata[]; current: string | null },
  checks: readonly PlanCheck[],
  what: unknown,
  chains: readonly DiskPaths[] = openChains(vm),
): string {
  const facts = {
    uuid: vm.uuid,
    running: vm.running,
    what,
    chains: chains.map(({ target, paths }) => [target, ...paths]),
    snapshots: snapshots.list.map((each) => [
      each.name,
      each.parent,
      each.createdAtMs,
      ...each.disks.map((disk) => [disk.target, disk.kind, disk.frozenPath, disk.deleteInProgress]),
    ]),
    current: snapshots.current,
    jobs: jobs.map((job) => [job.target, job.type]),
    verdicts: checks
      // The agent may answer a moment late: what it said is in the job's outcome.
      .filter((check) => check.name !== 'agent')
      // A host that answers again takes a warning away, and changes nothing of what is done.
      .map(({ name, verdict }) => [name, name === 'sharing' && verdict === 'warn' ? 'ok' : verdict]),
  }
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32)
}

/** Throws Refusal when the plan that was shown is not the one that would run: the dialog then shows the new one. */
export function refuseChangedPlan(shown: string, now: string): void {
  if (shown !== now)
    throw new Refusal(
      'What this plan rests on changed since it was shown: the chain, a snapshot, a job, space or a permission. Nothing was done. Look at the new plan and confirm it.',
      { plan: 'changed' },
    )
}
