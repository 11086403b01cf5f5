import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, VIR_ERR_NO_DOMAIN } from 'node-libvirt'
import { defineDomain } from '../../hosts/described-calls.ts'
import { requireHost } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import { Refusal } from '../../jobs/refusal.ts'
import type { Saga, SagaContext } from '../../jobs/saga.ts'
import { helperKindOfHost } from '../../hosts/helper-domain.ts'
import { FolderWriter, withFolder } from '../targets/backup-folder.ts'
import { requireChain, type Backup } from '../catalogue/catalogue.ts'
import { demandSentence } from './confine-domain.ts'
import { endLimit } from '../copy/copy-limit.ts'
import { readOffer, readSaved } from './read-saved.ts'
import {
  checkChain,
  copyDisk,
  lookBefore,
  makeDisks,
  removeMadeDisks,
  seeUnchanged,
  type RestoreJobBase,
} from './restore-disks.ts'
import type { ImageLook } from './look-at-images.ts'
import { restoredXml } from './restored-xml.ts'
import { requireTarget, type Target } from '../targets/targets.ts'

const POLL_MS = 500

export interface RestoreJob extends RestoreJobBase {
  /** Of the new VM. */
  name: string
  uuid: string
  directory: string
  nvramPath: string | null
  networkUp: boolean
}

/** Kept for a run, before the VM is defined. */
const definingKey = (context: RestoreContext) => `the VM is defined in run ${context.run}`

type RestoreContext = SagaContext<RestoreJob>

/**
 * Restore a backup as a new VM, which is left off.
 * | step           | do                                                                  | done when                | taken back by   |
 * | look at the images | size, time and header of each                                    | (own record)             |                 |
 * | read … (check) | every file of the whole chain against its manifest, before anything is written | (own record) |                 |
 * | make the files | empty images                                                        | (made by this job: kept) | removing them   |
 * | copy           | blockCopy of a paused helper that holds the chain read-only         | (own record)             | removing them   |
 * | see that no image changed | as at the first look                                     | (own record)             | removing them   |
 * | write the NVRAM|                                                                     | (written anew each time) | removing it     |
 * | define         | domainDefineXML with name, UUID, MACs of its own, network unplugged | a VM of its UUID is there| (it is the end) |
 */
export const restoreSaga: Saga<RestoreJob> = {
  kind: 'restore',
  version: '1',
  copies: true,
  async run(context) {
    const { input } = context
    const host = requireHost(input.host)
    const target = await requireTarget(input.targetId)
    const chain = await requireChain(input.targetId, input.backupId)
    const images = await lookBefore(context, host, target, chain)
    await checkChain(context, host, target, chain)
    try {
      return await restore(context, host, target, chain, images)
    } catch (error) {
      // Defined it is a VM, and its disks are no leftovers.
      if ((await context.kept(definingKey(context))) === true) throw error
      await context.allowCancel(false)
      await context.step('take everything back', {
        do: (call) => removeMadeDisks(context, host, nvramOf(input), call),
      })
      throw error
    } finally {
      host.files.forget()
      host.inventory.invalidate()
    }
  },
}

const nvramOf = (input: RestoreJob) => (input.nvramPath === null ? [] : [input.nvramPath])

async function restore(
  context: RestoreContext,
  host: Host,
  target: Target,
  chain: readonly Backup[],
  images: readonly ImageLook[],
): Promise<string[]> {
  const { input, step } = context
  const { manifest } = chain.at(-1)!
  // Not a step: its result would be on record, with the secrets in it.
  const saved = await context.waitFor(
    'read the configuration',
    () => readSaved(host, target, chain.at(-1)!),
    POLL_MS,
  )
  const kind = await context.waitFor(
    'read what the host can run',
    async () => helperKindOfHost(await (await host.connection.reader()).getCapabilities()),
    POLL_MS,
  )
  await step('make the files', { do: (call) => makeDisks(context, host, nvramOf(input), call) })
  for (const disk of input.disks)
    await step(`copy ${disk.target}`, {
      do: (call) => copyDisk(context, host, target, chain, kind, disk, call),
    })
  await seeUnchanged(context, host, target, chain, images)
  await endLimit(context)
  const { nvramPath } = input
  if (nvramPath !== null && saved.nvram !== null) {
    await step('write the NVRAM', {
      do: async (call) => {
        await host.connection.operate((connect) =>
          withFolder(connect, input.directory, (pool) =>
            new FolderWriter(connect, pool, call).putFile(posix.basename(nvramPath), saved.nvram!),
          ),
        )
        return true
      },
    })
  }
  await context.allowCancel(false)
  const offer = await context.waitFor('read what the host offers', () => readOffer(host, saved.xml), POLL_MS)
  const made = restoredXml(
    saved.xml,
    {
      name: input.name,
      uuid: input.uuid,
      networkUp: input.networkUp,
      nvramPath,
      disks: new Map(input.disks.map((disk) => [disk.target, disk])),
    },
    offer,
  )
  await context.progress(99, `Defining ${input.name}`)
  await context.keep(definingKey(context), true)
  await step('define', {
    isDone: () => isDefined(host, input.uuid),
    do: async (call) => {
      await host.connection
        .operate((connect) => call(defineDomain(connect, host.connection.uri, made.xml)))
        .catch(async (error: unknown) => {
          if (!isLibvirtError(error)) throw error
          await removeMadeDisks(context, host, nvramOf(input), call)
          await context.keep(definingKey(context), false)
          throw new Refusal(
            `libvirt did not take the configuration of ${input.name}: ${error.message}. The restored disks were removed again.`,
          )
        })
      return true
    },
  })
  host.inventory.invalidate()
  await context.copied(input.disks.reduce((sum, disk) => sum + disk.virtualBytes, 0))
  return [
    `${input.name} is restored from ${input.backupId} (${manifest.vm.name}, ${manifest.createdAt}) and is off: ${input.disks.map((disk) => `${disk.target} in ${disk.path}`).join(', ')}.`,
    input.networkUp
      ? 'Its network cards have MAC addresses of their own and are plugged in.'
      : 'Its network cards have MAC addresses of their own and are unplugged.',
    ...made.dropped.map((disk) => `${disk} was not in the backup: the new VM has no such disk.`),
    ...made.demands.map(demandSentence),
    ...manifest.notes,
  ]
}

const isDefined = async (host: Host, uuid: string) =>
  (await host.connection.reader()).domainLookupByUUID(uuid).then(
    () => true as const,
    (error: unknown) => {
      if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return null
      throw error
    },
  )
