import 'server-only'
import { VIR_DOMAIN_XML_INACTIVE } from 'node-libvirt'
import { requireVm } from '../../hosts/find-vm.ts'
import { helperKindOfVm } from '../../hosts/helper-domain.ts'
import type { Host } from '../../hosts/host.ts'
import { stateWords } from '../../hosts/state-words.ts'
import { Refusal } from '../../jobs/refusal.ts'
import type { Saga, SagaContext } from '../../jobs/saga.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import { removeUnusedFiles } from '../../merges/remove-files.ts'
import { requireChain } from '../catalogue/catalogue.ts'
import { endLimit } from '../copy/copy-limit.ts'
import { replaceImages, startsFrom, type Image } from './replace-images.ts'
import {
  checkChain,
  copyDisk,
  lookBefore,
  makeDisks,
  removeMadeDisks,
  seeUnchanged,
  type RestoreJobBase,
} from './restore-disks.ts'
import { requireTarget } from '../targets/targets.ts'

const POLL_MS = 500

export interface RestoreInPlaceJob extends RestoreJobBase {
  vm: string
  vmName: string
  /** What the VM starts from until then; kept until somebody says that the restored disks are right. */
  old: Image[]
  /** Files of the old disks' chains. */
  oldFiles: string[]
}

/**
 * Restore a backup's disks into the VM that it was made of, which is off. The new images stand beside the old ones, which stay.
 * | step           | do                                                                   | done when                 | taken back by |
 * | look at the images | size, time and header of each                                | (own record)              |               |
 * | read … (check) | every file of the whole chain against its manifest, before anything is written | (own record)    |               |
 * | see that it is off |                                                                  | (own record)              |               |
 * | make the files | empty images beside the old ones                                     | (made by this job: kept)  | removing them |
 * | copy           | blockCopy of a paused helper that holds the chain read-only          | (own record)              | removing them |
 * | see that no image changed | as at the first look                                  | (own record)              | removing them |
 * | switch         | domainDefineXML with the new images, all else as it is now           | the VM starts from them   | endRestoreSaga|
 */
export const restoreInPlaceSaga: Saga<RestoreInPlaceJob> = {
  kind: 'restore-in-place',
  version: '1',
  copies: true,
  async run(context) {
    const { input, step } = context
    const { host, vm } = await context.waitFor('find', () => requireVm(input.host, input.vm), POLL_MS)
    const target = await requireTarget(input.targetId)
    const chain = await requireChain(input.targetId, input.backupId)
    const images = await lookBefore(context, host, target, chain)
    await checkChain(context, host, target, chain)
    try {
      await step('see that it is off', { do: () => refuseOther(input) })
      await step('make the files', { do: (call) => makeDisks(context, host, [], call) })
      const kind = await context.waitFor(
        'read what kind of VM it is',
        async () =>
          helperKindOfVm(
            await host.inspection.inspect(input.vm, (domain) => domain.getXMLDesc(VIR_DOMAIN_XML_INACTIVE)),
          ),
        POLL_MS,
      )
      for (const disk of input.disks)
        await step(`copy ${disk.target}`, {
          do: (call) => copyDisk(context, host, target, chain, kind, disk, call),
        })
      await seeUnchanged(context, host, target, chain, images)
      await endLimit(context)
      await context.allowCancel(false)
      await step('switch', {
        isDone: async () => ((await startsFrom(input.host, input.vm, input.disks)) ? true : null),
        do: (call) => replaceImages(host, input.vm, input.disks, call),
      })
    } catch (error) {
      await context.allowCancel(false)
      // Where the VM starts from them they are no leftovers, whatever failed.
      const look = await context.waitFor(
        'look at the VM',
        async () => ({ switched: await startsFrom(input.host, input.vm, input.disks) }),
        POLL_MS,
      )
      if (!look.switched)
        await step('take everything back', { do: (call) => removeMadeDisks(context, host, [], call) })
      throw error
    } finally {
      host.changed(input.vm)
    }
    await context.copied(input.disks.reduce((sum, disk) => sum + disk.virtualBytes, 0))
    const rest = (vm.description?.disks ?? []).filter(
      (disk) => disk.device === 'disk' && !input.disks.some((each) => each.target === disk.target),
    )
    return [
      `${input.vmName} starts from the disks of ${input.backupId} now: ${input.disks.map((disk) => `${disk.target} in ${disk.path}`).join(', ')}. Its configuration and NVRAM are as they were.`,
      `The old disks are kept until you say that these are right: ${input.old.map((image) => image.path).join(', ')}.`,
      ...rest.map((disk) => `${disk.target} was not in the backup: it is as it was.`),
    ]
  },
}

async function refuseOther(input: RestoreInPlaceJob): Promise<true> {
  const { vm } = await requireVm(input.host, input.vm)
  if (vm.running)
    throw new Refusal(
      `${vm.name} is ${stateWords(vm.state)}: shut it down before its disks are replaced. Nothing was done.`,
    )
  if (!(await startsFrom(input.host, input.vm, input.old)))
    throw new Refusal(
      `The disks of ${vm.name} changed since this was planned. Nothing was done; look at them and begin anew.`,
    )
  return true
}

/** What was written above the restored disks since this was asked for must not be lost. */
async function putBack(input: EndRestoreJob, host: Host, call: LogCall): Promise<true> {
  if (!(await startsFrom(input.host, input.vm, input.restored)))
    throw new Refusal(
      `${input.vmName} does not start from the restored disks any more: its disks changed since. Nothing was done.`,
    )
  return replaceImages(host, input.vm, input.old, call)
}

export interface EndRestoreJob {
  host: string
  vm: string
  vmName: string
  keep: 'restored' | 'old'
  restored: Image[]
  old: Image[]
  oldFiles: string[]
}

/**
 * Ends a restore in place: either the restored disks were right, and the old ones go, or the other way round.
 * | step   | do                                                    | done when               |
 * | switch | (keep old) domainDefineXML with the old images        | the VM starts from them |
 * | remove | files of the others that no VM and no snapshot uses   | (each is asked for)     |
 */
export const endRestoreSaga: Saga<EndRestoreJob> = {
  kind: 'restore-end',
  version: '1',
  async run(context: SagaContext<EndRestoreJob>) {
    const { input, step } = context
    const { host } = await context.waitFor('find', () => requireVm(input.host, input.vm), POLL_MS)
    if (input.keep === 'old')
      await step('switch', {
        isDone: async () => ((await startsFrom(input.host, input.vm, input.old)) ? true : null),
        do: (call) => putBack(input, host, call),
      })
    const removal = await step('remove', {
      do: (call) =>
        removeUnusedFiles(
          host,
          input.keep === 'old' ? input.restored.map((image) => image.path) : input.oldFiles,
          call,
        ),
    })
    host.changed(input.vm)
    return [
      `${input.vmName} keeps its ${input.keep === 'old' ? 'old' : 'restored'} disks.`,
      ...(removal.removed.length > 0 ? [`Removed: ${removal.removed.join(', ')}.`] : []),
      ...removal.kept,
    ]
  },
}
