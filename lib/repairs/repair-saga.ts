import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { virshCommand } from '../hosts/virsh-command.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { Saga, SagaContext } from '../jobs/saga.ts'
import { removeUnusedFiles } from '../merges/remove-files.ts'
import { requireHost } from './check-host.ts'
import type { RepairPlan } from './found.ts'
import { readStart } from './read-start.ts'
import { HEADER_READ_BYTES, setBackingFormat } from './set-backing-format.ts'
import { sameAsPreviewed } from './same-as-previewed.ts'

export interface RepairJob {
  host: string
  /** null: the file belongs to no VM. */
  vm: string | null
  repair: string
  fingerprint: string
  plan: Exclude<RepairPlan, { act: 'delete-snapshot' }>
}

/**
 * Repair one thing. Nothing is done without the whole host having been looked at anew, with the same result as shown.
 * | step          | do                                                        | done when                           |
 * | remove file   | ask all VMs and snapshots again, then remove it            | the file is not there                |
 * | remember      | keep the old header in the step's record                   | (own record)                         |
 * | write header  | ask again, then write the header in one piece              | the header has the format            |
 * | verify        | read it back: every byte as written                        | (only reads)                         |
 * Deletes of snapshots are the delete saga's (snapshots/delete-saga.ts).
 */
export const repairSaga: Saga<RepairJob> = {
  kind: 'repair',
  version: '1',
  run: (context) => (context.input.plan.act === 'remove-file' ? removeFile(context, context.input.plan.path) : recordFormat(context, context.input.plan.path, context.input.plan.format as 'raw' | 'qcow2')),
}

async function removeFile({ input, step }: SagaContext<RepairJob>, path: string): Promise<string[]> {
  const host = requireHost(input.host)
  const freedBytes = await step<number | null>('remove file', {
    isDone: async () => { host.files.forget(); return (await host.files.read(path, 0)).kind === 'missing' ? 0 : null },
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

async function recordFormat({ input, step }: SagaContext<RepairJob>, path: string, format: 'raw' | 'qcow2'): Promise<string[]> {
  const host = requireHost(input.host)
  const recorded = async () => { host.files.forget(); const reading = await host.files.read(path, 0); return reading.kind === 'found' && reading.backing?.format === format }
  const old = await step('remember', { do: async () => (await readStart(host, path, HEADER_READ_BYTES)).toString('base64') })
  await step('write header', {
    isDone: async () => ((await recorded()) ? true : null),
    do: async (call) => {
      await sameAsPreviewed(input)
      const rewrite = rewriteOf(await readStart(host, path, HEADER_READ_BYTES), format, path)
      try {
        // One write of less than a page: a daemon that dies leaves the old header or the new one.
        const volume = await host.files.volume(path)
        const virsh = virshCommand(host.connection.uri, 'vol-upload', '--vol', path, '--file', 'header', '--offset', '0', '--length', String(rewrite.length))
        await call({ procedure: 'virStorageVolUpload', virsh }, () => volume.upload(0, rewrite))
      } catch (error) {
        if (isLibvirtError(error)) throw new Refusal(`The header of ${path} was not written: ${error.message}`)
        throw error
      }
      return true
    },
  })
  await step('verify', { do: async () => {
    const before = Buffer.from(old, 'base64')
    const wanted = Buffer.from(before)
    rewriteOf(before, format, path).copy(wanted)
    const now = await readStart(host, path, HEADER_READ_BYTES)
    if (!(await recorded()) || !now.equals(wanted)) throw new Refusal(`${path} was written, but what is read back is not what was written: don’t start a VM on it. Run qemu-img check on it; its old first bytes are in the record of this job.`)
    return true
  } })
  if (input.vm !== null) host.changed(input.vm)
  return [`${path} records its backing file as ${format} now.`, 'Read back: its header is as written, everything else as it was.']
}

function rewriteOf(start: Buffer, format: 'raw' | 'qcow2', path: string): Buffer {
  const rewrite = setBackingFormat(start, format)
  if ('refusal' in rewrite) throw new Refusal(`The header of ${path} can’t be changed, for ${rewrite.refusal}. Nothing was done.`)
  return rewrite.bytes
}
