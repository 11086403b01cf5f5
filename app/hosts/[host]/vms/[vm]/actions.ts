'use server' // every export here is a public POST endpoint, whatever page shows it

import { z } from 'zod'
import { action } from '@/lib/access/action'
import { ofJob, ofNewSnapshot, ofSnapshot, ofVm } from '@/lib/access/subjects'
import { setBandwidth as limit } from '@/lib/backups/copy/set-bandwidth'
import { PowerInput, startPower } from '@/lib/power/power'
import { cancelJob as cancel } from '@/lib/jobs/cancel-job'
import {
  CancelBlockJobInput,
  cancelBlockJob as cancelForeign,
  pivotBlockJob as pivotForeign,
} from '@/lib/merges/cancel-block-job'
import { BandwidthInput } from '@/lib/merges/set-bandwidth'
import { MergeInput, startMerge } from '@/lib/merges/start-merge'
import { CreateSnapshotInput, startCreateSnapshot } from '@/lib/snapshots/create-snapshot'
import { DeleteInput, startDelete } from '@/lib/snapshots/delete-snapshot'
import { RevertInput, startRevert } from '@/lib/snapshots/revert-to-snapshot'

export const takeSnapshot = action('snapshot.create', CreateSnapshotInput, ofNewSnapshot, ({ user, input }) =>
  startCreateSnapshot(input, user),
)
export const merge = action('merge.start', MergeInput, ofVm, ({ user, input }) => startMerge(input, user))
export const revert = action('snapshot.revert', RevertInput, ofSnapshot, ({ user, input }) =>
  startRevert(input, user),
)
export const remove = action('snapshot.delete', DeleteInput, ofSnapshot, ({ user, input }) =>
  startDelete(input, user),
)
export const power = action('vm.power', PowerInput, ofVm, ({ user, input }) => startPower(input, user))

export const cancelJob = action('job.cancel', z.object({ jobId: z.string().min(1) }), ofJob, ({ input }) =>
  cancel(input.jobId),
)
export const setBandwidth = action('merge.bandwidth', BandwidthInput, ofJob, async ({ input }) => {
  await limit(input)
  return {}
})
export const cancelBlockJob = action('block-job.cancel', CancelBlockJobInput, ofVm, async ({ input }) => {
  await cancelForeign(input)
  return {}
})
export const pivotBlockJob = action('block-job.pivot', CancelBlockJobInput, ofVm, async ({ input }) => {
  await pivotForeign(input)
  return {}
})
