import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, VIR_ERR_NO_DOMAIN } from 'node-libvirt'
import { requireHost } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { virshCommand } from '../hosts/virsh-command.ts'
import { Refusal } from '../jobs/refusal.ts'
import { JobCancelled, type Saga, type SagaContext } from '../jobs/saga.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { findVolume, getFile, imageXml, putFile, withFolder } from './backup-folder.ts'
import { folderOf, requireChain, type Backup } from './catalogue.ts'
import { noteVerdict } from './check-backup.ts'
import { checkSteps } from './check-saga.ts'
import { copyByHelper } from './copy-by-helper.ts'
import { DOMAIN_FILE } from './manifest.ts'
import { restoredXml } from './restored-xml.ts'
import { requireTarget, type Target } from './targets.ts'

const POLL_MS = 500
/** Of a job's percent the check takes the first part. */
const CHECK_SHARE = 0.5
const DOMAIN_XML_MAX_BYTES = 4 * 1024 * 1024
const NVRAM_MAX_BYTES = 64 * 1024 * 1024

export interface RestoreDisk {
  target: string
  /** In the backup's directory. */
  file: string
  virtualBytes: number
  format: 'raw' | 'qcow2'
  /** What is made. */
  path: string
}

export interface RestoreJob {
  host: string
  targetId: string
  backupId: string
  /** Of the new VM. */
  name: string
  uuid: string
  disks: RestoreDisk[]
  directory: string
  nvramPath: string | null
  networkUp: boolean
  /** 0 = no limit. */
  bandwidthBytesPerSecond: number
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
      await context.step('take everything back', { do: (call) => removeMade(context, host, call) })
      throw error
    } finally {
      host.files.forget()
      host.inventory.invalidate()
    }
  },
}

/** Throws Refusal when a file of the chain is not as it was written: nothing was written then. */
async function checkChain(context: RestoreContext, host: Host, target: Target, chain: readonly Backup[]): Promise<void> {
  for (const [index, backup] of chain.entries()) {
    const fault = await checkSteps(context, host, target, backup, (index / chain.length) * CHECK_SHARE, CHECK_SHARE / chain.length)
    if (fault === null) continue
    await context.step('note the verdict', { do: async () => { await noteVerdict(target, backup, fault); return true } })
    throw new Refusal(`${backup.id === context.input.backupId ? 'The backup' : `The backup rests on ${backup.id}, which`} is damaged: ${fault}. It was not restored, and nothing was written. Take an older one.`)
  }
}

async function restore(context: RestoreContext, host: Host, target: Target, chain: readonly Backup[]): Promise<string[]> {
  const { input, step } = context
  const { manifest } = chain.at(-1)!
  // Not a step: its result would be on record, with the secrets in it.
  const saved = await context.waitFor('read the configuration', () => readSaved(host, target, input, manifest.nvram), POLL_MS)
  await step('make the files', { do: (call) => makeFiles(context, host, call) })
  for (const [index, disk] of input.disks.entries()) {
    await step(`copy ${disk.target}`, { do: (call) => copy(context, host, target, chain, saved.xml, disk, index, call) })
  }
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
          await removeMade(context, host, call)
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

const MAKING = 'none of its files was there before'

/** Makes the empty images. Files of others are never overwritten: that none was there is kept before the first is made. */
async function makeFiles(context: RestoreContext, host: Host, call: LogCall): Promise<true> {
  const { input } = context
  await host.connection.operate((connect) => withFolder(connect, input.directory, async (pool) => {
    const names = [...input.disks.map((disk) => disk.path), ...(input.nvramPath === null ? [] : [input.nvramPath])].map((path) => posix.basename(path))
    if ((await context.kept(MAKING)) !== true) {
      for (const name of names) if ((await findVolume(pool, name)) !== null) throw new Refusal(`${posix.join(input.directory, name)} exists already. Nothing was written.`)
      await context.keep(MAKING, true)
    }
    for (const disk of input.disks) {
      const name = posix.basename(disk.path)
      await (await findVolume(pool, name))?.delete()
      const xml = imageXml(name, disk.virtualBytes, null, disk.format)
      await call({ procedure: 'virStorageVolCreateXML', virsh: virshCommand(host.connection.uri, 'vol-create', '--pool', pool.name, '--file', 'volume.xml'), xml }, () => pool.storageVolCreateXML(xml))
    }
  })).catch((error: unknown) => { throw isLibvirtError(error) ? new Refusal(`The disks of ${input.name} could not be made in ${input.directory}: ${error.message}.`) : error })
  return true
}

async function copy(context: RestoreContext, host: Host, target: Target, chain: readonly Backup[], vmXml: string, disk: RestoreDisk, index: number, call: LogCall): Promise<true> {
  const { input, jobId } = context
  // The chain's files by name, the newest first: no image's own header is believed.
  const layers = [...chain].reverse().flatMap((backup) => {
    const here = backup.manifest.disks.find((each) => each.target === disk.target)
    return here ? [{ path: posix.join(folderOf(target, backup.id), here.file), format: 'qcow2' }] : []
  })
  const from = CHECK_SHARE + (index / input.disks.length) * (1 - CHECK_SHARE)
  return copyByHelper(host, { name: `keyframe-restore-${jobId.slice(0, 8)}`, vmXml, layers, to: { path: disk.path, format: disk.format }, bandwidthBytesPerSecond: input.bandwidthBytesPerSecond }, call, async (doneBytes, totalBytes) => {
    if (await context.cancelRequested()) throw new JobCancelled('Cancelled. Nothing of the restored VM is left, and the backup is as it was.')
    await context.progress(Math.floor((from + ((doneBytes / totalBytes) * (1 - CHECK_SHARE)) / input.disks.length) * 100), `Copying ${disk.target}`)
  })
}

const isDefined = async (host: Host, uuid: string) => (await host.connection.reader()).domainLookupByUUID(uuid).then(() => true as const, (error: unknown) => { if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return null; throw error })

/** Removes what this job made, if it made anything. */
async function removeMade(context: RestoreContext, host: Host, call: LogCall): Promise<true> {
  const { input } = context
  if ((await context.kept(MAKING)) !== true) return true
  await host.connection.operate((connect) => withFolder(connect, input.directory, async (pool) => {
    for (const path of [...input.disks.map((disk) => disk.path), ...(input.nvramPath === null ? [] : [input.nvramPath])]) {
      const volume = await findVolume(pool, posix.basename(path))
      if (volume) await call({ procedure: 'virStorageVolDelete', virsh: virshCommand(host.connection.uri, 'vol-delete', '--vol', path) }, () => volume.delete())
    }
  }))
  return true
}
