import 'server-only'
import { VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT } from 'node-libvirt'
import { DomainCalls } from '../hosts/described-calls.ts'
import { requireHost, requireVm } from '../hosts/find-vm.ts'
import { escapeXml } from '../hosts/xml.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { SagaContext } from '../jobs/saga.ts'
import type { DescribedCall, LogCall } from '../jobs/step-log.ts'
import type { RepairJob } from './repair-job.ts'
import { sameAsPreviewed } from './same-as-previewed.ts'

const POLL_MS = 500

/** What saves a disk whose file is gone while its VM runs. */
export interface Rescue {
  target: string
  /** A file that is not there yet. */
  destination: string
  format: string
}

/**
 * Copies a disk whose file is gone, and which only the running QEMU still holds, to a new file, and switches the VM over to that.
 * libvirt brings the next start in line by itself (tried with 11.3). Returns the job's result.
 */
export async function rescue(
  context: SagaContext<RepairJob>,
  { target, destination, format }: Rescue,
): Promise<string[]> {
  const { input, step } = context
  const host = requireHost(input.host)
  const uuid = input.vm!
  const pathNow = async () => {
    host.changed(uuid)
    const { vm } = await requireVm(input.host, uuid)
    return vm.description?.disks.find((disk) => disk.target === target)?.path ?? null
  }
  const isSaved = async () => (await pathNow()) === destination
  const jobNow = async () => {
    const { vm } = await requireVm(input.host, uuid)
    return (await host.jobs.fresh(vm)).find((job) => job.target === target)
  }
  const act = async (
    call: LogCall,
    described: (calls: DomainCalls) => DescribedCall<void>,
  ): Promise<true> => {
    await host.connection.operate(async (connect) =>
      call(described(new DomainCalls(host.connection.uri, await connect.domainLookupByUUID(uuid)))),
    )
    return true
  }
  host.jobs.setOwner(uuid, target, context.jobId)
  try {
    // Once it is copied there is nothing to find as it was previewed.
    await step('look again', {
      isDone: async () => ((await isSaved()) || (await jobNow()) !== undefined ? true : null),
      do: async () => {
        await sameAsPreviewed(input)
        return true
      },
    })
    await step(`copy ${target}`, {
      isDone: async () => ((await isSaved()) || (await jobNow()) !== undefined ? true : null),
      do: (call) =>
        act(call, (calls) =>
          calls.blockCopy(
            target,
            `<disk type='file'><driver name='qemu' type='${format}'/><source file='${escapeXml(destination)}'/></disk>`,
            0,
            VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB,
          ),
        ),
    })
    const { end } = await context.waitFor(
      `wait for the copy of ${target}`,
      async () => {
        const job = await jobNow()
        if (job?.ready) return { end: 'ready' }
        if (job !== undefined) {
          await context.progress(job.percent, `Copying ${target} to ${destination}`)
          return null
        }
        return { end: (await isSaved()) ? 'saved' : 'gone' }
      },
      POLL_MS,
    )
    if (end === 'gone')
      throw new Refusal(
        `The copy of ${target} ended before its end, possibly for lack of space. The VM runs on as before: do not stop it. Free space and try again.`,
      )
    await step(`pivot ${target}`, {
      isDone: async () => ((await isSaved()) ? true : null),
      do: (call) => act(call, (calls) => calls.blockJobAbort(target, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)),
    })
    return await step('look at the chain', {
      do: async () => {
        host.files.forget()
        const reading = await host.files.read(destination, 0)
        const { vm } = await requireVm(input.host, uuid)
        if (!(await isSaved()) || reading.kind !== 'found')
          throw new Refusal(
            `libvirt reported ${target} as copied, but the VM does not write to ${destination}. Do not stop it.`,
          )
        const next = vm.next?.disks.find((disk) => disk.target === target)?.path
        return [
          `${target} is saved: the VM writes to ${destination} now.`,
          vm.persistent && next !== destination
            ? `Its configuration for the next start still names ${next ?? 'nothing'}: give it ${destination} before you stop the VM (virsh edit).`
            : 'It can be stopped and started again.',
        ]
      },
    })
  } finally {
    host.jobs.setOwner(uuid, target, null)
    host.changed(uuid)
  }
}
