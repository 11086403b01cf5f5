import 'server-only'
import {
  isLibvirtError,
  VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY,
  VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN,
  VIR_DOMAIN_CHECKPOINT_XML_SIZE,
  VIR_ERR_NO_DOMAIN_CHECKPOINT,
  VIR_ERR_OPERATION_INVALID,
  type Domain,
} from 'node-libvirt'
import { DomainCalls } from '../../hosts/described-calls.ts'
import type { Host } from '../../hosts/host.ts'
import { readSnapshots } from '../../hosts/snapshot-metadata.ts'
import { attribute, child, children, childText, parseXml } from '../../hosts/xml.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import { markSound } from '../../situation/sound-layers.ts'
import { readUnproven } from '../../situation/read-layer-facts.ts'
import { store } from '../../store/store.ts'

export interface Checkpoint {
  name: string
  /** In whole seconds, as libvirt has it. */
  createdAtMs: number
  /** Bytes that an increment since then holds, by target; null where its bitmap is lost or broken. */
  changedBytes: Map<string, number | null>
}

/** Name of the checkpoint of a backup. */
export const checkpointName = (backupId: string): string => `keyframe-${backupId}`

/** Writes down, before it is made, that this checkpoint is Keyframe's. */
export async function rememberCheckpoint(host: string, vmUuid: string, name: string): Promise<void> {
  await store()
    .insertInto('backup_checkpoints')
    .values({ host, vm_uuid: vmUuid, name })
    .onConflict((conflict) => conflict.columns(['host', 'vm_uuid', 'name']).doNothing())
    .execute()
}

async function forget(host: string, vmUuid: string, name: string): Promise<void> {
  await store()
    .deleteFrom('backup_checkpoints')
    .where('host', '=', host)
    .where('vm_uuid', '=', vmUuid)
    .where('name', '=', name)
    .execute()
}

/** Keyframe's own checkpoints of a running VM, oldest first. */
export async function readOwnCheckpoints(host: Host, domain: Domain): Promise<Checkpoint[]> {
  const own = new Set(
    (
      await store()
        .selectFrom('backup_checkpoints')
        .select('name')
        .where('host', '=', host.name)
        .where('vm_uuid', '=', domain.uuid)
        .execute()
    ).map((row) => row.name),
  )
  const listed = (await domain.listAllCheckpoints()).filter((checkpoint) => own.has(checkpoint.name))
  const read = await Promise.all(
    listed.map(async (checkpoint): Promise<Checkpoint> => {
      const xml = parseXml(
        await checkpoint.getXMLDesc([VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN, VIR_DOMAIN_CHECKPOINT_XML_SIZE]),
        'domaincheckpoint',
      )
      const disks = children(child(xml, 'disks'), 'disk').filter(
        (disk) => attribute(disk, 'checkpoint') === 'bitmap',
      )
      return {
        name: checkpoint.name,
        createdAtMs: Number(childText(xml, 'creationTime') ?? 0) * 1000,
        // A bitmap that is lost has no size, without any error (measured).
        changedBytes: new Map(
          disks.map((disk) => {
            const size = attribute(disk, 'size')
            return [attribute(disk, 'name') ?? '', size === null ? null : Number(size)]
          }),
        ),
      }
    }),
  )
  return read.sort((a, b) => a.createdAtMs - b.createdAtMs || a.name.localeCompare(b.name))
}

/** True when the VM has this checkpoint. */
export async function hasCheckpoint(domain: Domain, name: string): Promise<boolean> {
  return domain.checkpointLookupByName(name).then(
    () => true,
    (error: unknown) => {
      if (isLibvirtError(error, VIR_ERR_NO_DOMAIN_CHECKPOINT)) return false
      throw error
    },
  )
}

/**
 * Lets a checkpoint of Keyframe's go: what it recorded goes over to its parent. One whose bitmap is lost only leaves libvirt's list. Of a
 * VM that is off it stays until the next backup. What it changes in frozen layers is put on record, or their snapshots would look changed.
 */
export async function deleteCheckpoint(
  host: Host,
  domain: Domain,
  name: string,
  call: LogCall,
): Promise<void> {
  const vm = await host.inventory.vmNow(domain.uuid)
  if (!vm?.running) return
  const { list } = await readSnapshots(await host.connection.reader(), domain.uuid)
  const unproven = await readUnproven(host, list)
  const remove = async (flags?: typeof VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY) => {
    const checkpoint = await domain.checkpointLookupByName(name)
    await call(new DomainCalls(host.connection.uri, domain).checkpointDelete(checkpoint, flags))
  }
  try {
    await remove()
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    if (error.code === VIR_ERR_OPERATION_INVALID) return
    // "bitmap 'x' not found in backing chain of 'vda'": there is nothing left to hand over.
    if (/bitmap/i.test(error.message)) await remove(VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY)
    else if (error.code !== VIR_ERR_NO_DOMAIN_CHECKPOINT) throw error
  }
  await forget(host.name, domain.uuid, name)
  const sound = list
    .filter((snapshot) => unproven[snapshot.name] === undefined)
    .flatMap((snapshot) =>
      snapshot.disks.flatMap((disk) =>
        disk.kind === 'external' && disk.frozenPath ? [disk.frozenPath] : [],
      ),
    )
  await markSound(host, sound, `the checkpoint ${name} was deleted`)
}
