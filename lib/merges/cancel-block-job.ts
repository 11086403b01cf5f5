import 'server-only'
import { z } from 'zod'
import { isLibvirtError, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT } from 'node-libvirt'
import { requireVm } from '../hosts/find-vm.ts'
import { Refusal } from '../jobs/refusal.ts'

export const CancelBlockJobInput = z.object({ host: z.string(), vm: z.string(), target: z.string() })
type CancelBlockJobInput = z.infer<typeof CancelBlockJobInput>

/** Cancels a block job that was begun elsewhere, with virsh for example. Throws Refusal. */
export const cancelBlockJob = (input: CancelBlockJobInput): Promise<object> => end(input, 'cancel')

/** Ends a copied block job that was begun elsewhere by its pivot. Throws Refusal. */
export const pivotBlockJob = (input: CancelBlockJobInput): Promise<object> => end(input, 'pivot')

async function end(input: CancelBlockJobInput, how: 'cancel' | 'pivot'): Promise<object> {
  const { host, vm } = await requireVm(input.host, input.vm)
  const job = (await host.jobs.fresh(vm)).find((each) => each.target === input.target)
  if (!job) throw new Refusal(`${input.target} has no block job now: it ended meanwhile.`)
  if (job.jobId !== null) throw new Refusal('Keyframe runs this job itself: use its own Cancel job.')
  if (how === 'pivot' && !job.ready)
    throw new Refusal(`The job of ${input.target} is not ready: it still copies.`)
  await host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(vm.uuid)
    await domain
      .blockJobAbort(input.target, how === 'pivot' ? VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT : undefined)
      .catch((error: unknown) => {
        throw isLibvirtError(error)
          ? new Refusal(`libvirt did not end the job of ${input.target}: ${error.message}`)
          : error
      })
  })
  host.changed(vm.uuid)
  return {}
}
