import 'server-only'
import type { Host } from '../hosts/host.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { recordActiveLayers, recordOwnLayers } from '../storage/own-layers.ts'
import { markSound } from '../situation/sound-layers.ts'

/** Writes down how the layers stand that a snapshot has just frozen: what changes them later shows. */
export async function markFrozen(host: Host, uuid: string, name: string): Promise<void> {
  const vm = await host.inventory.vmNow(uuid)
  if (vm) await recordActiveLayers(host.name, vm)
  const { list } = await readSnapshots(await host.connection.reader(), uuid)
  const snapshot = list.find((each) => each.name === name)
  if (!snapshot) return
  const frozen = snapshot.disks.flatMap((disk) =>
    disk.kind === 'external' && disk.frozenPath ? [disk.frozenPath] : [],
  )
  // A VM that is off may never have written to them: the snapshot's own definition says so as long as it is there.
  if (vm?.running) await recordOwnLayers(host.name, uuid, frozen)
  // A disk that nobody wrote to for a while is older than the snapshot that vouches for it.
  await markSound(host, frozen, `frozen by snapshot ${name}`, snapshot.createdAtMs)
}
