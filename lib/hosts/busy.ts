import 'server-only'
import { isLibvirtError, VIR_ERR_OPERATION_TIMEOUT } from 'node-libvirt'
import { Refusal } from '../jobs/refusal.ts'
import type { Host } from './host.ts'
import type { KnownVm } from './inventory.ts'

const NAMES = {
  pull: 'block pull',
  copy: 'block copy',
  commit: 'block commit',
  'active-commit': 'block commit',
  backup: 'backup',
} as const

/** Throws Refusal when a block job runs on a disk of the VM: libvirt would wait 30 s for its lock, or refuse. */
export async function refuseBusy(host: Host, vm: KnownVm, targets: readonly string[] | null): Promise<void> {
  const job = (await host.jobs.fresh(vm)).find((each) => targets === null || targets.includes(each.target))
  if (job)
    throw new Refusal(
      `${vm.name} is busy: a ${NAMES[job.type]} of ${job.target} is running${job.percent === null ? '' : ` (${job.percent} %)`}. Wait for it, or cancel it.`,
    )
}

/** libvirt's "cannot acquire state change lock" in our words; any other error as it is. */
export function explainLock(error: unknown, vmName: string): unknown {
  if (!isLibvirtError(error, VIR_ERR_OPERATION_TIMEOUT)) return error
  return new Refusal(
    `${vmName} is busy: libvirt is working on it for someone else (${error.message}). Try again when that is done.`,
  )
}
