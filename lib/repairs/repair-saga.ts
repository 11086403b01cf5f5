import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { uploadVolume } from '../hosts/described-calls.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { Saga, SagaContext } from '../jobs/saga.ts'
import { removeUnusedFiles } from '../merges/remove-files.ts'
import { requireHost, requireVm } from '../hosts/find-vm.ts'
import { markSound } from '../situation/sound-layers.ts'
import { clearTaint } from '../situation/tainted-layers.ts'
import { finishDelete, isDeleteFinished, type FinishDelete } from './finish-delete.ts'
import { flatten } from './flatten-chain.ts'
import { alignNextStart } from './align-next-start.ts'
import { rescue } from './rescue-disk.ts'
import type { RepairJob } from './repair-job.ts'
import { readStart } from './read-start.ts'
import { HEADER_READ_BYTES, setBackingFormat } from './set-backing-format.ts'
import { sameAsPreviewed } from './same-as-previewed.ts'

/**
 * Repair one thing. Nothing is done without the whole host having been looked at anew, with the same result as shown.
 * | step          | do                                                        | done when                           |
 * | remove file   | ask all VMs and snapshots again, then remove it            | the file is not there                |
 * | remember      | keep the old header in the step's record                   | (own record)                         |
 * | write header  | ask again, then write the header in one piece              | the header has the format            |
 * | verify        | read it back: every byte as written                        | (only reads)                         |
 * | look again    | the whole host once more, before a chain is shortened      | (own record)                         |
 * | pull into …   | a paused helper VM pulls what lies below into a layer      | (repeated: it copies what is missing)|
 * | finish delete | entries to what QEMU merged, the mark last                 | no such snapshot, and no mark        |
 * | copy, pivot   | (a disk whose file is gone) copy it to a new file, switch the VM over | the VM has that file      |
 * | tidy          | end the record of the layer that was merged into           | (own record)                         |
 * Deletes of snapshots are the delete saga's (snapshots/delete-saga.ts).
 */
export const repairSaga: Saga<RepairJob> = {
  kind: 'repair',
  version: '1',
  async run(context) {
    const { plan } = context.input
    switch (plan.act) {
      case 'remove-file':
        return removeFile(context, plan.path)
      case 'set-backing-format':
        return recordFormat(context, plan.path, plan.format)
      case 'flatten':
        return flatten(context, plan.target, plan.receivers)
      case 'align-next-start':
        return alignNextStart(context, plan.disks)
      case 'rescue-disk':
        return rescue(context, plan)
      case 'finish-delete':
        return finish(context, plan)
    }
  },
}

async function finish({ input, step }: SagaContext<RepairJob>, plan: FinishDelete): Promise<string[]> {
  const host = requireHost(input.host)
  const uuid = input.vm!
  // Done once, it could not be found as previewed again: what was agreed to is kept from before the first change.
  await step('look again', {
    do: async () => {
      await sameAsPreviewed(input)
      return true
    },
  })
  await step('finish delete', {
    isDone: async () =>
      (await isDeleteFinished((await host.connection.reader()).domainReference(uuid), plan)) ? true : null,
    do: async (call) => {
      await requireVm(input.host, uuid)
      await host.connection.operate(async (connect) =>
        finishDelete(await connect.domainLookupByUUID(uuid), plan, { uri: host.connection.uri, call }),
      )
      return true
    },
  })
  // The layer that was merged into holds what the snapshots above it stand on.
  await step('tidy', {
    do: async () => {
      await markSound(
        host,
        plan.moves.map(({ toPath }) => toPath),
        `the delete of ${plan.snapshot} was finished`,
      )
      for (const { toPath } of plan.moves) await clearTaint(input.host, toPath)
      return true
    },
  })
  host.changed(uuid)
  return [
    `The delete of ${plan.snapshot} is finished: libvirt’s entries are as the layers are.`,
    `Shut the VM down and start it again when it suits: libvirt then reads its layers anew.`,
  ]
}

async function removeFile({ input, step }: SagaContext<RepairJob>, path: string): Promise<string[]> {
  const host = requireHost(input.host)
  const freedBytes = await step<number | null>('remove file', {
    isDone: async () => {
      host.files.forget()
      return (await host.files.read(path, 0)).kind === 'missing' ? 0 : null
    },
    do: async (call) => {
      const { finding } = await sameAsPreviewed(input)
      const removal = await removeUnusedFiles(host, [path], call)
      if (removal.kept.length > 0) throw new Refusal(`Nothing was done: ${removal.kept.join(' ')}`)
      return finding.reclaimableBytes
    },
  })
  if (input.vm !== null) host.changed(input.vm)
  return [`Removed: ${path}.`, ...(freedBytes ? [`${freedBytes} bytes are free again.`] : [])]
}

async function recordFormat(
  { input, step }: SagaContext<RepairJob>,
  path: string,
  format: 'raw' | 'qcow2',
): Promise<string[]> {
  const host = requireHost(input.host)
  const recorded = async () => {
    host.files.forget()
    const reading = await host.files.read(path, 0)
    return reading.kind === 'found' && reading.backing?.format === format
  }
  const old = await step('remember', {
    do: async () => (await readStart(host, path, HEADER_READ_BYTES)).toString('base64'),
  })
  await step('write header', {
    isDone: async () => ((await recorded()) ? true : null),
    do: async (call) => {
      await sameAsPreviewed(input)
      const rewrite = rewriteOf(await readStart(host, path, HEADER_READ_BYTES), format, path)
      try {
        // One write of less than a page: a daemon that dies leaves the old header or the new one.
        const volume = await host.files.volume(path)
        await call(uploadVolume(volume, host.connection.uri, rewrite, 'header'))
      } catch (error) {
        if (isLibvirtError(error))
          throw new Refusal(`The header of ${path} was not written: ${error.message}`)
        throw error
      }
      return true
    },
  })
  await step('verify', {
    do: async () => {
      const before = Buffer.from(old, 'base64')
      const wanted = Buffer.from(before)
      rewriteOf(before, format, path).copy(wanted)
      const now = await readStart(host, path, HEADER_READ_BYTES)
      if (!(await recorded()) || !now.equals(wanted))
        throw new Refusal(
          `${path} was written, but what is read back is not what was written: don’t start a VM on it. Run qemu-img check on it; its old first bytes are in the record of this job.`,
        )
      return true
    },
  })
  if (input.vm !== null) host.changed(input.vm)
  return [
    `${path} records its backing file as ${format} now.`,
    'Read back: its header is as written, everything else as it was.',
  ]
}

function rewriteOf(start: Buffer, format: 'raw' | 'qcow2', path: string): Buffer {
  const rewrite = setBackingFormat(start, format)
  if ('refusal' in rewrite)
    throw new Refusal(`The header of ${path} can’t be changed, for ${rewrite.refusal}. Nothing was done.`)
  return rewrite.bytes
}
