import 'server-only'
import type { BlockJobInfo, Domain } from 'node-libvirt'
import { readBlockJob } from './block-job.ts'

const LOOK_MS = 300

/**
 * Follows the block job of a helper, which is no VM of the inventory and so is not in the watch of block jobs: tells
 * `onLook` how far it is until its mirror is ready or the job is gone. What `onLook` throws ends the wait.
 */
export async function followHelper(
  domain: Domain,
  target: string,
  onLook: (info: BlockJobInfo) => Promise<void>,
): Promise<'ready' | 'gone'> {
  for (;;) {
    const job = await readBlockJob(domain, target)
    if (job === null) return 'gone'
    if (job.ready) return 'ready'
    await onLook(job.info)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
