import 'server-only'
import type { z } from 'zod'
import { isLibvirtError, VIR_ERR_NO_DOMAIN, type Domain } from 'node-libvirt'
import { requireHost } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import { keepForJob } from '../../jobs/keep-for-job.ts'
import { KEPT_LIMIT } from '../../jobs/job-rows.ts'
import { readJob } from '../../jobs/read-jobs.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { limitBlockJobs, setMergeBandwidth, type BandwidthInput } from '../../merges/set-bandwidth.ts'
import { copyHelperName } from './copy-limit.ts'

/**
 * Changes the limit of a running job that copies: of a merge, or of a backup or a restore, whose later disks have it, too; 0 takes
 * it away. Throws Refusal; HostDown, and then the copies that come after have it all the same.
 */
export async function setBandwidth(input: z.infer<typeof BandwidthInput>): Promise<{ jobId: string }> {
  const job = await readJob(input.jobId)
  if (job?.kind === 'backup')
    throw new Refusal('libvirt has no bandwidth limit for a backup that QEMU pushes. Nothing was changed.')
  if (!job || job.limitBytesPerSecond === null) return setMergeBandwidth(input)
  // Before the helper is asked: a copy that begins meanwhile looks again once it runs.
  await keepForJob(job.id, KEPT_LIMIT, input.bandwidthBytesPerSecond)
  const host = requireHost(job.host)
  const helper = copyHelperName(job.kind === 'backup-copy' ? 'copy' : 'restore', job.id)
  if (!(await limitHelper(host, helper, input.bandwidthBytesPerSecond)) && job.kind === 'backup-copy')
    await limitBlockJobs(job, input.bandwidthBytesPerSecond)
  return { jobId: job.id }
}

/** False when it copies nothing at the moment. */
async function limitHelper(host: Host, name: string, bandwidthBytesPerSecond: number): Promise<boolean> {
  return host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByName(name).catch((error: unknown) => {
      if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return null
      throw error
    })
    if (domain === null || !(await copies(domain))) return false
    try {
      await domain.blockJobSetSpeed('vda', bandwidthBytesPerSecond)
      return true
    } catch (error) {
      if (!isLibvirtError(error)) throw error
      // It came to its end in between.
      if (!(await copies(domain))) return false
      throw new Refusal(`The limit was not changed: ${error.message}`)
    }
  })
}

const copies = async (domain: Domain): Promise<boolean> =>
  (await domain.getBlockJobInfo('vda').catch((error: unknown) => {
    if (isLibvirtError(error)) return null
    throw error
  })) !== null
