import 'server-only'
import { posix } from 'node:path'
import { VIR_DOMAIN_XML_INACTIVE } from 'node-libvirt'
import { parseDomainXml, type XmlDisk } from '../hosts/domain-xml.ts'
import { readCopyBytes } from '../hosts/copy-bytes.ts'
import { dataFileOf } from '../hosts/data-file.ts'
import { chainIn, diskIn } from '../hosts/follow-headers.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import { filesOf } from '../hosts/inventory.ts'
import { resolveVolumes } from '../hosts/resolve-volumes.ts'
import { readSnapshots, type SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { readPace } from '../jobs/pace.ts'
import { readFileUsers } from '../storage/file-users.ts'
import { readOverlays } from '../storage/overlays-of-nobody.ts'
import { readOwnLayers } from '../storage/own-layers.ts'
import type { LayerFacts } from './judge-snapshots.ts'
import { readFolders } from './read-folders.ts'
import { readLayerFacts } from './read-layer-facts.ts'
import type { Situation } from './situation.ts'

/** Reads all that plans of a VM's merges, deletes and reverts rest on. Throws HostDown, VmHung and VmGone. */
export async function readSituation(hostName: string, vmUuid: string): Promise<Situation> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  // Of the others what was read within the last second will do: fifty plans at once would read every file fifty times.
  host.files.forget(filesOf(vm))
  const jobs = await host.jobs.fresh(vm)
  const connect = await host.connection.reader()
  const domain = connect.domainReference(vm.uuid)
  const [{ list, current }, hasManagedSave, nextXml] = await Promise.all([
    readSnapshots(connect, vmUuid),
    domain.hasManagedSaveImage(),
    host.inspection.inspect(vm.uuid, (inspected) => inspected.getXMLDesc(VIR_DOMAIN_XML_INACTIVE)),
  ])
  const parsed = parseDomainXml(nextXml)
  const next = { ...parsed, disks: await resolveVolumes(connect, parsed.disks) }
  const description = vm.description ?? next
  const known = await readFiles(host, [...description.disks, ...next.disks], list)
  const layers = await readLayerFacts(host, list, known)
  const { files } = layers
  const overlays = await readOverlays(host, Object.keys(files))
  const above = overlays.found.filter(({ path }) => files[path] === undefined)
  const users = await readFileUsers(host, [...Object.keys(files), ...above.map(({ path }) => path)], 'now')
  return {
    ...layers,
    version: 2,
    host: {
      name: host.name,
      libvirtVersion: host.connection.status.status === 'up' ? host.connection.status.libvirtVersion : '',
    },
    vm: {
      uuid: vm.uuid,
      name: vm.name,
      state: vm.state,
      running: vm.running,
      persistent: vm.persistent,
      hasManagedSave,
      description,
      next,
    },
    current,
    jobs,
    folders: await readFolders(host, [...new Set(Object.keys(files).map((path) => posix.dirname(path)))]),
    uses: Object.fromEntries(Object.keys(files).map((path) => [path, users.of(path)])),
    overlays: above.filter(({ path }) => users.of(path).length === 0),
    gaps: users.gaps,
    doubts: users.doubts,
    unheard: [...users.unheard, ...overlays.unlooked],
    own: [...(await readOwnLayers(host.name, vm, list))],
    copyBytes: await readLayerBytes(host, layers, description.disks),
    paces: {
      merges: await readPace(hostName, ['merge', 'delete']),
      reverts: await readPace(hostName, ['revert']),
    },
  }
}

async function readFiles(
  host: Host,
  disks: readonly XmlDisk[],
  snapshots: readonly SnapshotMetadata[],
): Promise<Record<string, ImageReading>> {
  const chains = await Promise.all(
    [...disks, ...snapshots.flatMap(({ definition }) => definition?.disks ?? [])].flatMap((disk) =>
      disk.path?.startsWith('/') ? [walkChain(host.files, disk.path, disk.format)] : [],
    ),
  )
  const open = disks.flatMap((disk) => disk.layers.flatMap((layer) => layer.path ?? []))
  const others = snapshots.flatMap(({ disks: own, memoryPath, discards, definition }) => [
    ...own.flatMap((disk) => disk.overlayPath ?? []),
    ...Object.values(discards),
    ...(definition?.startFiles ?? []).map(({ path }) => path),
    ...(memoryPath === null ? [] : [memoryPath]),
  ])
  const data = chains.flatMap(({ layers }) =>
    layers.flatMap(({ reading, format }) => dataFileOf(reading, format) ?? []),
  )
  const readings = await Promise.all(
    [...new Set([...open, ...others, ...data])].map((path) => host.files.read(path)),
  )
  return Object.fromEntries(
    [...chains.flatMap((chain) => chain.layers.map(({ reading }) => reading)), ...readings]
      .filter(({ path }) => path.startsWith('/'))
      .map((reading) => [reading.path, reading]),
  )
}

/** Guests never write compressed clusters, so active layers need no look, unless their data lies beside them. What is raw may hold whatever its guest wrote. */
async function readLayerBytes(
  host: Host,
  { files, snapshots }: LayerFacts,
  active: readonly XmlDisk[],
): Promise<Record<string, number>> {
  const layers = [
    ...active.flatMap((disk) => diskIn(files, disk).layers),
    ...snapshots.flatMap(({ disks }) =>
      disks.flatMap(({ frozenPath, frozenFormat }) =>
        frozenPath === null ? [] : chainIn(files, frozenPath, frozenFormat).layers,
      ),
    ),
  ]
  const frozen = new Map(
    layers.flatMap(({ reading, format }) =>
      reading.kind === 'found' &&
      format === 'qcow2' &&
      (dataFileOf(reading, format) !== null || !active.some(({ path }) => path === reading.path))
        ? [[reading.path, reading] as const]
        : [],
    ),
  )
  const bytes = await Promise.all(
    [...frozen].map(async ([path, image]) => [path, await readCopyBytes(host.files, image)] as const),
  )
  return Object.fromEntries(bytes)
}
