import 'server-only'
import { z } from 'zod'
import { isLibvirtError } from 'node-libvirt'
import { requireVm } from '../hosts/find-vm.ts'
import { readJob } from '../jobs/read-jobs.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { JobView } from '../jobs/types.ts'
import { Bandwidth } from './bandwidth.ts'

export const BandwidthInput = z.object({ jobId: z.string(), bandwidthBytesPerSecond: Bandwidth })

/** Changes the limit of a running merge; 0 takes it away. Throws Refusal. */
export async function setMergeBandwidth(input: z.infer<typeof BandwidthInput>): Promise<{ jobId: string }> {
  const job = await readJob(input.jobId)
  if (!job || job.endedAtMs !== null) throw new Refusal('This job has ended already.')
  if ((await limitBlockJobs(job, input.bandwidthBytesPerSecond)) === 0)
    throw new Refusal('This job copies nothing at the moment, so there is nothing to limit.')
  return { jobId: job.id }
}

/** Limits the block jobs of its VM that a job has begun, bytes per second; how many they are. Throws Refusal. */
export async function limitBlockJobs(
  job: Pick<JobView, 'id' | 'host' | 'vmUuid'>,
  bandwidthBytesPerSecond: number,
): Promise<number> {
  const { host, vm } = await requireVm(job.host, job.vmUuid)
  const running = (await host.jobs.fresh(vm)).filter((each) => each.jobId === job.id)
  if (running.length === 0) return 0
  await host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(vm.uuid)
    for (const each of running) {
      await domain.blockJobSetSpeed(each.target, bandwidthBytesPerSecond).catch((error: unknown) => {
        throw isLibvirtError(error)
          ? new Refusal(`The limit of ${each.target} was not changed: ${error.message}`)
          : error
      })
    }
  })
  host.changed(vm.uuid)
  return running.length
}
