import 'server-only'
import { isLibvirtError, VIR_DOMAIN_XML_INACTIVE, VIR_ERR_NO_DOMAIN } from 'node-libvirt'
import { parseDomainXml, type XmlDisk } from '../hosts/domain-xml.ts'
import { dataFileOf } from '../hosts/data-file.ts'
import type { WalkedLayer } from '../hosts/follow-headers.ts'
import { isHelper } from '../hosts/helper-domain.ts'
import type { Host } from '../hosts/host.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { resolveVolumes } from '../hosts/resolve-volumes.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { VmHung } from '../hosts/vm-inspection.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { pathsInXml } from '../hosts/xml-paths.ts'
import { gapBelow, volumeGaps } from './chain-gaps.ts'
import { markOf } from './same-file.ts'
import type { FileMark, HostUses, Use, UsedFile } from './types.ts'

/** What one VM needs: paths in the order found, with the readings that were made. */
interface Needs {
  uses: [string, Use][]
  readings: ImageReading[]
  gaps: string[]
  doubts: string[]
}

/**
 * Every file that a VM of the host needs in any way, with what needs it. 'now' asks for each definition anew; 'known' takes
 * what the list of VMs knows, up to 20 s old. A VM that can't be read is a gap. Throws HostDown.
 */
export async function readHostUses(host: Host, age: 'now' | 'known'): Promise<HostUses> {
  const vms = await host.inventory.vms()
  const all = await Promise.all(vms.map((vm) => readVm(host, vm, age)))
  const files = new Map<string, UsedFile>()
  const marks = new Map<string, FileMark | null>()
  for (const { readings } of all)
    for (const reading of readings) if (reading.kind === 'found') marks.set(reading.path, markOf(reading))
  for (const [path, use] of all.flatMap(({ uses }) => uses)) {
    const file = files.get(path) ?? { path, mark: marks.get(path) ?? null, uses: [] }
    file.uses.push(use)
    files.set(path, file)
  }
  return {
    host: host.name,
    files: [...files.values()],
    gaps: [...new Set(all.flatMap(({ gaps }) => gaps))],
    doubts: [...new Set(all.flatMap(({ doubts }) => doubts))],
  }
}

async function readVm(host: Host, vm: KnownVm, age: 'now' | 'known'): Promise<Needs> {
  const needs: Needs = { uses: [], readings: [], gaps: [], doubts: [] }
  try {
    await readDefinitions(host, vm, age, needs)
    if ((await countSnapshots(host, vm, age)) !== 0) await readSnapshotNeeds(host, vm, needs)
  } catch (error) {
    if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return { uses: [], readings: [], gaps: [], doubts: [] }
    if (!(error instanceof VmHung) && !isLibvirtError(error)) throw error
    needs.gaps.push(`${vm.name} on ${host.name} could not be read: ${error.message}.`)
  }
  return needs
}

/** The list of VMs learns of some snapshots 20 s late, for not each has an event. */
async function countSnapshots(host: Host, vm: KnownVm, age: 'now' | 'known'): Promise<number | null> {
  if (age === 'known' || vm.snapshotCount !== 0) return vm.snapshotCount
  return (await host.connection.reader()).domainReference(vm.uuid).snapshotNum()
}

/** A VM whose QEMU hangs holds nothing up: its chain can't change meanwhile, so what was known of it holds. */
async function readDefinitions(host: Host, vm: KnownVm, age: 'now' | 'known', needs: Needs): Promise<void> {
  try {
    const now = await readNow(host, vm, age, needs)
    await readNext(host, vm, age, now, needs)
  } catch (error) {
    if (!(error instanceof VmHung) || vm.description === null) throw error
    const now = await readNow(host, vm, 'known', needs)
    for (const disk of vm.next?.disks ?? []) await addNext(host, vm, disk, now, needs)
  }
}

const needOf = (host: Host, vm: KnownVm, use: Partial<Use> & Pick<Use, 'kind'>): Use => ({
  host: host.name,
  vmUuid: vm.uuid,
  vmName: vm.name,
  running: vm.running,
  target: null,
  isOther: false,
  snapshot: null,
  ...use,
})

/** What it has open, or would follow from its headers while it is off. Gives its disks. */
async function readNow(
  host: Host,
  vm: KnownVm,
  age: 'now' | 'known',
  needs: Needs,
): Promise<readonly XmlDisk[]> {
  const xml = age === 'now' ? await host.inspection.inspect(vm.uuid, (domain) => domain.getXMLDesc()) : null
  const disks =
    xml === null
      ? (vm.description?.disks ?? [])
      : await resolveVolumes(await host.connection.reader(), parseDomainXml(xml).disks)
  for (const disk of disks) {
    const use = needOf(host, vm, { kind: 'disk', target: disk.target })
    const known = age === 'known' && !vm.running ? vm.facts?.paths.get(disk.target) : undefined
    if (known) for (const path of known) needs.uses.push([path, needAt(vm, disk, use, path)])
    else await addDisk(host, vm, disk, use, needs, vm.running)
  }
  if (xml !== null) addNamed(needs, pathsInXml(xml), needOf(host, vm, { kind: 'configuration' }))
  return disks
}

/** What its persistent definition will open. Its XML hangs with its QEMU, too (measured). */
async function readNext(
  host: Host,
  vm: KnownVm,
  age: 'now' | 'known',
  now: readonly XmlDisk[],
  needs: Needs,
): Promise<void> {
  if (age === 'known') return
  const connect = await host.connection.reader()
  const xml = await host.inspection.inspect(vm.uuid, (domain) => domain.getXMLDesc(VIR_DOMAIN_XML_INACTIVE))
  for (const disk of await resolveVolumes(connect, parseDomainXml(xml).disks))
    await addNext(host, vm, disk, now, needs)
  addNamed(needs, pathsInXml(xml), needOf(host, vm, { kind: 'configuration' }))
}

async function addNext(
  host: Host,
  vm: KnownVm,
  disk: XmlDisk,
  now: readonly XmlDisk[],
  needs: Needs,
): Promise<void> {
  const { target } = disk
  const isOther = now.find((each) => each.target === target)?.path !== disk.path
  await addDisk(host, vm, disk, needOf(host, vm, { kind: 'next start', target, isOther }), needs, false)
}

/** Restore points, and whatever else the definitions stored with them name. */
async function readSnapshotNeeds(host: Host, vm: KnownVm, needs: Needs): Promise<void> {
  const { list, unread } = await readSnapshots(await host.connection.reader(), vm.uuid)
  for (const { name, reason } of unread)
    needs.gaps.push(
      `The snapshot ${name} of ${vm.name} on ${host.name} could not be read: ${reason}. If it stays so, delete its entry: virsh snapshot-delete --metadata.`,
    )
  for (const { name, disks, definition, memoryPath, namedPaths } of list) {
    for (const disk of definition?.disks ?? []) {
      // An external one froze the file; any other disk is opened again by a revert, as it is.
      const use = needOf(host, vm, { kind: 'snapshot', target: disk.target, snapshot: name })
      const isKnown = disks.some((each) => each.target === disk.target)
      if (isKnown || disk.device === 'disk') await addDisk(host, vm, disk, use, needs, false)
    }
    if (memoryPath !== null)
      needs.uses.push([memoryPath, needOf(host, vm, { kind: 'memory', snapshot: name })])
    addNamed(needs, namedPaths, needOf(host, vm, { kind: 'configuration', snapshot: name }))
  }
}

/** Both the layers that the XML names and those that the headers lead to: the first are what is opened, the second what a tool may go back to. */
async function addDisk(
  host: Host,
  vm: KnownVm,
  disk: XmlDisk,
  use: Use,
  needs: Needs,
  isOpen: boolean,
): Promise<void> {
  const unresolved = volumeGaps(disk, use)
  needs.gaps.push(...unresolved)
  const named = disk.layers.flatMap((layer) => (layer.path === null ? [] : [layer.path]))
  for (const path of named) needs.uses.push([path, needAt(vm, disk, use, path)])
  // What it has open is all it needs, where all of that is known.
  if (isOpen && named.length > 0 && unresolved.length === 0) {
    const open = await Promise.all(
      disk.layers.flatMap(({ path, format }) =>
        path === null ? [] : [host.files.read(path).then((reading) => ({ reading, format }))],
      ),
    )
    await addLayers(host, vm, disk, open, use, needs)
    return
  }
  if (!disk.path?.startsWith('/')) return
  const chain = await walkChain(host.files, disk.path, disk.format)
  const gap = gapBelow(disk, chain, use)
  if (gap !== null) (chain.end === 'missing' ? needs.doubts : needs.gaps).push(gap)
  await addLayers(host, vm, disk, chain.layers, use, needs)
}

/** Layers with what was read of them, and the files beside them that hold their data. */
async function addLayers(
  host: Host,
  vm: KnownVm,
  disk: XmlDisk,
  layers: readonly WalkedLayer[],
  use: Use,
  needs: Needs,
): Promise<void> {
  const named = new Set(disk.layers.map((layer) => layer.path))
  for (const { reading, format } of layers) {
    const need = needAt(vm, disk, use, reading.path)
    needs.readings.push(reading)
    if (!named.has(reading.path)) needs.uses.push([reading.path, need])
    const data = dataFileOf(reading, format)
    if (data === null) continue
    needs.readings.push(await host.files.read(data))
    needs.uses.push([data, need])
  }
}

/** A helper of Keyframe's own has the chain of another VM, which makes no template of it. */
const needAt = (vm: KnownVm, disk: XmlDisk, use: Use, path: string): Use =>
  path === disk.path || isHelper(vm) ? use : { ...use, isBacking: true }

function addNamed(needs: Needs, paths: readonly string[], use: Use): void {
  const known = new Set(needs.uses.filter(([, each]) => each.snapshot === use.snapshot).map(([path]) => path))
  for (const path of paths) if (!known.has(path)) needs.uses.push([path, use])
}
