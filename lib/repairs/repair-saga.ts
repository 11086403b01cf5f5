import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { virshCommand } from '../hosts/virsh-command.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { Saga, SagaContext } from '../jobs/saga.ts'
import { removeUnusedFiles } from '../merges/remove-files.ts'
import { requireHost, requireVm } from '../hosts/find-vm.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import type { Host } from '../hosts/host.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { markSound } from '../merges/sound-layers.ts'
import { taintLayer } from '../merges/tainted-layers.ts'
import { unprovenSnapshots } from '../snapshots/unproven.ts'
import { pullByHelper } from '../merges/pull-by-helper.ts'
import type { Receiver } from './flatten-plan.ts'
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
 * | look again    | the whole host once more, before a chain is shortened      | (own record)                         |
 * | pull into …   | a paused helper VM pulls what lies below into a layer      | (repeated: it copies what is missing)|
 * Deletes of snapshots are the delete saga's (snapshots/delete-saga.ts).
 */
export const repairSaga: Saga<RepairJob> = {
  kind: 'repair',
  version: '1',
  async run(context) {
    const { plan } = context.input
    switch (plan.act) {
      case 'remove-file': return removeFile(context, plan.path)
      case 'set-backing-format': return recordFormat(context, plan.path, plan.format as 'raw' | 'qcow2')
      case 'flatten': return flatten(context, plan.target, plan.receivers)
    }
  },
}

async function flatten(context: SagaContext<RepairJob>, target: string, receivers: readonly Receiver[]): Promise<string[]> {
  const { input, step } = context
  const host = requireHost(input.host)
  const doubt = await step<string>('look again', { do: async () => { await sameAsPreviewed(input); return readDoubt(host, input.vm!) } })
  for (const [index, { path, below }] of receivers.entries()) {
    const standsAlone = async () => { host.files.forget(); const reading = await host.files.read(path, 0); return reading.kind === 'found' && reading.backing === null }
    await step(`pull into ${path}`, {
      // Not asked whether it is done: a header that is cut does not prove that the data is there (merges/flush-pull.ts).
      do: async (call) => {
        const { vm } = await requireVm(input.host, input.vm!)
        if (vm.running) throw new Refusal(`${vm.name} runs now, so nobody else may write to its layers. Merge them on its page instead.`)
        await pullByHelper(host, { vmUuid: vm.uuid, path, below, basePath: null }, call, (percent) => context.progress(percent === null ? null : Math.floor((index * 100 + percent) / receivers.length), `Taking what lies below into ${path}`))
        if (!(await standsAlone())) throw new Refusal(`The pull into ${path} ended before its end, for want of space perhaps. The disk shows what it showed before.`)
        return true
      },
    })
    // Its content is what it was: as sound as before, or as doubtful.
    await step(`note ${path}`, { do: async () => {
      if (doubt === '') await markSound(host, [path], 'what lay below was taken into it')
      else await taintLayer({ host: host.name, path, vmUuid: input.vm!, topPath: null, jobId: context.jobId, reason: doubt })
      return true
    } })
  }
  return step('look at the chain', { do: async () => {
    const { vm } = await requireVm(input.host, input.vm!)
    host.changed(vm.uuid)
    const disk = vm.description?.disks.find((each) => each.target === target)
    const layers = disk?.path ? (await walkChain(host.files, disk.path, disk.format, 0)).layers.length : 0
    return [`The chain of ${target} has ${layers} layers now: ${vm.name} can be started.`]
  } })
}

/** Why a snapshot of the VM is unproven: what it reads is about to be copied, and must not look sound afterwards. "" when none is. */
async function readDoubt(host: Host, uuid: string): Promise<string> {
  const { list } = await readSnapshots(await host.connection.reader(), uuid)
  const [first] = [...(await unprovenSnapshots(host, list)).values()]
  return first?.reason.replace(/\.$/, '') ?? ''
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
