import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, VIR_DOMAIN_XML_INACTIVE } from 'node-libvirt'
import { parseDomainXml, type DomainDescription, type XmlDisk } from '../hosts/domain-xml.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import {
  oldestFirst,
  parseSnapshotXml,
  resolveSnapshot,
  type SnapshotMetadata,
} from '../hosts/snapshot-metadata.ts'
import { resolveVolumes } from '../hosts/resolve-volumes.ts'
import { VmHung } from '../hosts/vm-inspection.ts'
import type { WalkedChain } from '../hosts/follow-headers.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import type { Finding } from './types.ts'
import { pathsInXml, volumesInXml } from '../hosts/xml-paths.ts'

export interface SurveyedDisk {
  disk: XmlDisk
  /** Files that QEMU has open by the running VM's XML, active layer first; null when it is off. */
  open: string[] | null
  /** The chain by the image headers; null for what is no file. */
  chain: WalkedChain | null
}

export interface SurveyedSnapshot extends SnapshotMetadata {
  /** Of each external disk: what a revert would read, by the image headers. */
  chains: { target: string; chain: WalkedChain }[]
  memoryMissing: boolean
}

export interface SurveyedVm {
  vm: KnownVm
  disks: SurveyedDisk[]
  /** What its next start will use; null where it could not be read. */
  next: DomainDescription | null
  /** Chains of disks that only the configuration for the next start has. */
  nextStart: WalkedChain[]
  snapshots: SurveyedSnapshot[]
  current: string | null
  hasManagedSave: boolean
  /** Every path and every volume that any XML of the VM and of its snapshots names. */
  namedPaths: string[]
  namedVolumes: string[]
}

/** What all VMs of a host hold, read anew: nothing of it is kept from before. */
export interface Survey {
  host: Host
  /** False for libvirt's test driver: its VMs have no files, and each connection sees others. */
  hasFiles: boolean
  vms: SurveyedVm[]
  /** What could not be read, a sentence each. While there is one, no file of the host can be called unused. */
  gaps: string[]
}

/** The VM that a finding is of. */
export const ownerOf = (survey: Survey, vm: KnownVm): NonNullable<Finding['vm']> => ({
  host: survey.host.name,
  uuid: vm.uuid,
  name: vm.name,
})

/** Throws HostDown. A VM that can't be read is a gap. */
export async function surveyHost(host: Host): Promise<Survey> {
  host.files.forget()
  host.inventory.invalidate()
  const survey: Survey = { host, hasFiles: host.connection.uri.startsWith('qemu'), vms: [], gaps: [] }
  const vms = await host.inventory.vms()
  if (!survey.hasFiles)
    return {
      ...survey,
      vms: vms.map((vm) => ({
        vm,
        disks: [],
        next: null,
        nextStart: [],
        snapshots: [],
        current: null,
        hasManagedSave: false,
        namedPaths: [],
        namedVolumes: [],
      })),
    }
  await Promise.all(
    vms.map(async (vm) => {
      try {
        survey.vms.push(await surveyVm(host, vm))
      } catch (error) {
        // A VM may have gone since the list was read: then the file is looked at again before it is touched.
        if (!(error instanceof VmHung) && !isLibvirtError(error)) throw error
        survey.gaps.push(`${vm.name} could not be read: ${error.message}.`)
      }
    }),
  )
  survey.vms.sort((a, b) => a.vm.name.localeCompare(b.vm.name, 'en', { numeric: true }))
  for (const { vm, disks, nextStart } of survey.vms) {
    for (const chain of [...disks.flatMap((each) => (each.chain ? [each.chain] : [])), ...nextStart]) {
      const last = chain.layers.at(-1)?.reading
      if (chain.end !== 'base' && last?.path.startsWith('/'))
        survey.gaps.push(`What lies below ${last.path}, a layer of ${vm.name}, can’t be read.`)
    }
    // A layer that is a device may name a file below it; while the VM is off nobody tells which.
    for (const { disk, open } of disks)
      if (open === null && disk.sourceType === 'block' && disk.format !== 'raw')
        survey.gaps.push(
          `${disk.target} of ${vm.name} is a device whose layers can’t be read while it is off.`,
        )
  }
  return survey
}

const isFile = (disk: XmlDisk): boolean =>
  disk.path !== null && (disk.sourceType === 'file' || disk.sourceType === 'volume')

async function surveyVm(host: Host, listed: KnownVm): Promise<SurveyedVm> {
  const [liveXml, nextXml, hasManagedSave] = await host.inspection.inspect(listed.uuid, (domain) =>
    Promise.all([
      domain.getXMLDesc(),
      domain.getXMLDesc(VIR_DOMAIN_XML_INACTIVE),
      domain.hasManagedSaveImage(),
    ]),
  )
  const connect = await host.connection.reader()
  const [live, next] = await Promise.all(
    [liveXml, nextXml].map(async (xml) => {
      const parsed = parseDomainXml(xml)
      return { ...parsed, disks: await resolveVolumes(connect, parsed.disks) }
    }),
  )
  const vm: KnownVm = { ...listed, description: live! }
  const disks = await Promise.all(
    vm.description!.disks.map(async (disk): Promise<SurveyedDisk> => ({
      disk,
      open:
        vm.running && disk.layers.length > 0
          ? disk.layers.flatMap((layer) => (layer.path === null ? [] : [layer.path]))
          : null,
      chain: isFile(disk) ? await walkChain(host.files, disk.path!, disk.format) : null,
    })),
  )
  const paths = new Set(disks.map((each) => each.disk.path))
  const others = next!.disks.filter((disk) => isFile(disk) && !paths.has(disk.path))
  const { snapshots, current, xmls } = await surveySnapshots(host, vm.uuid)
  return {
    vm,
    disks,
    snapshots,
    current,
    hasManagedSave,
    next: next!,
    nextStart: await Promise.all(others.map((disk) => walkChain(host.files, disk.path!, disk.format))),
    namedPaths: [...new Set([liveXml, nextXml, ...xmls].flatMap(pathsInXml))],
    namedVolumes: [...new Set([liveXml, nextXml, ...xmls].flatMap(volumesInXml))],
  }
}

/** Unlike hosts/snapshot-metadata, which leaves out what it can't read: here that would make its files look unused. */
async function surveySnapshots(
  host: Host,
  uuid: string,
): Promise<{ snapshots: SurveyedSnapshot[]; current: string | null; xmls: string[] }> {
  const connect = await host.connection.reader()
  const domain = await connect.domainLookupByUUID(uuid)
  const listed = await domain.listAllSnapshots()
  if (listed.length === 0) return { snapshots: [], current: null, xmls: [] }
  const [xmls, current] = [
    await Promise.all(listed.map((snapshot) => snapshot.getXMLDesc())),
    await domain.snapshotCurrent(),
  ]
  const snapshots = await Promise.all(
    oldestFirst(await Promise.all(xmls.map((xml) => resolveSnapshot(connect, parseSnapshotXml(xml))))).map(
      async (snapshot) => ({
        ...snapshot,
        memoryMissing:
          snapshot.memoryPath !== null && (await host.files.read(snapshot.memoryPath)).kind === 'missing',
        chains: await Promise.all(
          snapshot.disks.flatMap(({ target, kind, frozenPath, frozenFormat }) =>
            kind === 'external' && frozenPath !== null
              ? [walkChain(host.files, frozenPath, frozenFormat).then((chain) => ({ target, chain }))]
              : [],
          ),
        ),
      }),
    ),
  )
  return { snapshots, current: current?.name ?? null, xmls }
}

/** Folders that hold a disk, an overlay or a memory file. */
export function imageFolders({ vms }: Survey): string[] {
  const paths = vms.flatMap(({ disks, nextStart, snapshots }) => [
    ...disks
      .filter(({ disk }) => disk.device === 'disk' || disk.device === 'lun')
      .flatMap(({ chain, open }) => [
        ...(chain?.layers.map((layer) => layer.reading.path) ?? []),
        ...(open ?? []),
      ]),
    ...nextStart.flatMap((chain) => chain.layers.map((layer) => layer.reading.path)),
    ...snapshots.flatMap((snapshot) => [
      snapshot.memoryPath,
      ...snapshot.disks.map((disk) => disk.overlayPath),
      ...snapshot.chains.flatMap(({ chain }) => chain.layers.map((layer) => layer.reading.path)),
    ]),
  ])
  const folders = new Set(
    paths.flatMap((path) => (path?.startsWith('/') ? [posix.dirname(posix.normalize(path))] : [])),
  )
  return [...folders].filter((folder) => folder !== '/dev' && !folder.startsWith('/dev/')).sort()
}
