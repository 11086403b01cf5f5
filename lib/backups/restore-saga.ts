import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, VIR_ERR_NO_DOMAIN } from 'node-libvirt'
import { requireHost } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { virshCommand } from '../hosts/virsh-command.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { Saga, SagaContext } from '../jobs/saga.ts'
import { getFile, putFile, withFolder } from './backup-folder.ts'
import { folderOf, requireChain, type Backup } from './catalogue.ts'
import { endLimit } from './copy-limit.ts'
import { DOMAIN_FILE } from './manifest.ts'
import { checkChain, copyDisk, makeDisks, removeMadeDisks, type RestoreJobBase } from './restore-disks.ts'
import { restoredXml } from './restored-xml.ts'
import { requireTarget, type Target } from './targets.ts'

const POLL_MS = 500
const DOMAIN_XML_MAX_BYTES = 4 * 1024 * 1024
const NVRAM_MAX_BYTES = 64 * 1024 * 1024

export interface RestoreJob extends RestoreJobBase {
  /** Of the new VM. */
  name: string
  uuid: string
  directory: string
  nvramPath: string | null
  networkUp: boolean
}

type RestoreContext = SagaContext<RestoreJob>

/**
 * Restore a backup as a new VM, which is left off.
 * | step           | do                                                                  | done when                | taken back by   |
 * | read … (check) | every file of the whole chain against its manifest, before anything is written | (own record) |                 |
 * | make the files | empty images                                                        | (made by this job: kept) | removing them   |
 * | copy           | blockCopy of a paused helper that holds the chain read-only         | (own record)             | removing them   |
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
    await checkChain(context, host, target, chain)
    try {
      return await restore(context, host, target, chain)
    } catch (error) {
      if (await context.wasBegun('define')) throw error
      await context.allowCancel(false)
      await context.step('take everything back', { do: (call) => removeMadeDisks(context, host, nvramOf(input), call) })
      throw error
    } finally {
      host.files.forget()
      host.inventory.invalidate()
    }
  },
}

const nvramOf = (input: RestoreJob) => (input.nvramPath === null ? [] : [input.nvramPath])

async function restore(context: RestoreContext, host: Host, target: Target, chain: readonly Backup[]): Promise<string[]> {
  const { input, step } = context
  const { manifest } = chain.at(-1)!
  // Not a step: its result would be on record, with the secrets in it.
  const saved = await context.waitFor('read the configuration', () => readSaved(host, target, input, manifest.nvram), POLL_MS)
  await step('make the files', { do: (call) => makeDisks(context, host, nvramOf(input), call) })
  for (const disk of input.disks) await step(`copy ${disk.target}`, { do: (call) => copyDisk(context, host, target, chain, saved.xml, disk, call) })
  await endLimit(context)
  const { nvramPath } = input
  if (nvramPath !== null && saved.nvram !== null) {
    await step('write the NVRAM', { do: async (call) => {
      const virsh = virshCommand(host.connection.uri, 'vol-upload', '--vol', nvramPath, '--file', 'nvram.fd')
      await call({ procedure: 'virStorageVolUpload', virsh }, () => host.connection.operate((connect) => withFolder(connect, input.directory, (pool) => putFile(pool, posix.basename(nvramPath), Buffer.from(saved.nvram!, 'base64')))))
      return true
    } })
  }
  await context.allowCancel(false)
  const made = restoredXml(saved.xml, { name: input.name, uuid: input.uuid, networkUp: input.networkUp, nvramPath, disks: new Map(input.disks.map((disk) => [disk.target, disk])) })
  await context.progress(99, `Defining ${input.name}`)
  await step('define', {
    isDone: () => isDefined(host, input.uuid),
    do: async (call) => {
      await host.connection.operate((connect) => call({ procedure: 'virDomainDefineXML', virsh: virshCommand(host.connection.uri, 'define', 'domain.xml') }, () => connect.domainDefineXML(made.xml)))
        .catch(async (error: unknown) => {
          if (!isLibvirtError(error)) throw error
          await removeMadeDisks(context, host, nvramOf(input), call)
          throw new Refusal(`libvirt did not take the configuration of ${input.name}: ${error.message}. The restored disks were removed again.`)
        })
      return true
    },
  })
  host.inventory.invalidate()
  await context.copied(input.disks.reduce((sum, disk) => sum + disk.virtualBytes, 0))
  return [
    `${input.name} is restored from ${input.backupId} (${manifest.vm.name}, ${manifest.createdAt}) and is off: ${input.disks.map((disk) => `${disk.target} in ${disk.path}`).join(', ')}.`,
    input.networkUp ? 'Its network cards have MAC addresses of their own and are plugged in.' : 'Its network cards have MAC addresses of their own and are unplugged.',
    ...made.dropped.map((disk) => `${disk} was not in the backup: the new VM has no such disk.`), ...manifest.notes,
  ]
}

async function readSaved(host: Host, target: Target, input: RestoreJob, nvram: string | null): Promise<{ xml: string; nvram: string | null }> {
  return host.connection.operate((connect) => withFolder(connect, folderOf(target, input.backupId), async (pool) => {
    const xml = await getFile(pool, DOMAIN_FILE, DOMAIN_XML_MAX_BYTES)
    const bytes = nvram === null ? null : await getFile(pool, nvram, NVRAM_MAX_BYTES)
    if (xml === null || (nvram !== null && bytes === null)) throw new Refusal('A file of the backup is gone since it was checked. Nothing was written.')
    return { xml: xml.toString('utf8'), nvram: bytes?.toString('base64') ?? null }
  }))
}

const isDefined = async (host: Host, uuid: string) => (await host.connection.reader()).domainLookupByUUID(uuid).then(() => true as const, (error: unknown) => { if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return null; throw error })
