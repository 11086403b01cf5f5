import { confineDomain, type HostDemand, type HostOffer } from './confine-domain.ts'
import {
  append,
  attributeOf,
  drop,
  dropWhere,
  element,
  elementsOf,
  firstOf,
  nameOf,
  parseNodes,
  prepend,
  setAttribute,
  setText,
  writeNodes,
  type XmlNode,
} from './xml-nodes.ts'

/** What a restored VM is to be. */
export interface RestoredVm {
  name: string
  uuid: string
  /** By target. Disks that are not here go. */
  disks: ReadonlyMap<string, { path: string; format: string }>
  networkUp: boolean
  /** null = the firmware makes a fresh one. */
  nvramPath: string | null
}

export interface RestoredXml {
  xml: string
  /** Targets of disks that were not in the backup and go. */
  dropped: string[]
  /** What the saved configuration asked of the host, and what became of it. */
  demands: HostDemand[]
}

/**
 * The XML of a backed-up VM as a new one: its own name, UUID, generation id and MACs, the restored disks, the network unplugged unless asked
 * for, and nothing in it that reaches the host (confine-domain.ts).
 */
export function restoredXml(xml: string, vm: RestoredVm, offer: HostOffer): RestoredXml {
  const { all, root: domain } = parseNodes(xml, 'domain')
  const demands = confineDomain(domain, offer)
  setAttribute(domain, 'id', null)
  setText(domain, 'name', vm.name)
  setText(domain, 'uuid', vm.uuid)
  if (firstOf(domain, 'genid')) setText(domain, 'genid', '')
  // libvirt refuses a UUID here that is not the domain's.
  for (const system of elementsOf(domain, 'sysinfo').flatMap((sysinfo) => elementsOf(sysinfo, 'system'))) {
    for (const entry of elementsOf(system, 'entry'))
      if (attributeOf(entry, 'name') === 'uuid') entry.entry = element('entry', {}, vm.uuid).entry
  }
  const withNvram = elementsOf(domain, 'os').filter((os) => firstOf(os, 'nvram'))
  for (const os of withNvram) drop(os, 'nvram')
  if (withNvram[0] && vm.nvramPath !== null) append(withNvram[0], element('nvram', {}, vm.nvramPath))
  const dropped: string[] = []
  for (const devices of elementsOf(domain, 'devices')) {
    for (const nic of elementsOf(devices, 'interface')) unplug(nic, vm.networkUp)
    dropWhere(devices, (node) => nameOf(node) === 'disk' && !keepDisk(node, vm, dropped))
  }
  const made = writeNodes(all)
  // What libvirt reads is the text: read once more it must ask for nothing.
  const left = demandsOf(made, offer)
  if (left.length > 0) throw new Error(`the configuration still asks for ${left[0]!.what}`)
  return { xml: made, dropped, demands }
}

/** What a saved configuration asks of the host, without changing it. Throws an Error when it is no domain's XML. */
export const demandsOf = (xml: string, offer: HostOffer): HostDemand[] =>
  confineDomain(parseNodes(xml, 'domain').root, offer)

/** The kind of guest that a configuration is of, for which the host's firmware is asked. */
export function kindOf(xml: string): {
  arch: string | null
  machine: string | null
  virtType: string | null
} {
  const { root } = parseNodes(xml, 'domain')
  const type = firstOf(firstOf(root, 'os'), 'type')
  return {
    arch: attributeOf(type, 'arch'),
    machine: attributeOf(type, 'machine'),
    virtType: attributeOf(root, 'type'),
  }
}

/** The same XML with other images for these disks, by target; all else stays. */
export function withImages(xml: string, images: RestoredVm['disks']): string {
  const { all, root } = parseNodes(xml, 'domain')
  for (const disk of elementsOf(root, 'devices').flatMap((devices) => elementsOf(devices, 'disk'))) {
    const image = images.get(targetOf(disk))
    if (image) setImage(disk, image)
  }
  return writeNodes(all)
}

const targetOf = (disk: XmlNode) => attributeOf(firstOf(disk, 'target'), 'dev') ?? ''

function setImage(disk: XmlNode, image: { path: string; format: string }): void {
  drop(disk, 'source', 'backingStore', 'mirror', 'backenddomain')
  setAttribute(disk, 'type', 'file')
  const driver = firstOf(disk, 'driver')
  if (driver) setAttribute(driver, 'type', image.format)
  else prepend(disk, element('driver', { name: 'qemu', type: image.format }))
  append(disk, element('source', { file: image.path }))
}

/** False for a disk that goes: removable drives stay, empty. */
function keepDisk(disk: XmlNode, vm: RestoredVm, dropped: string[]): boolean {
  const target = targetOf(disk)
  const restored = vm.disks.get(target)
  if (restored) {
    setImage(disk, restored)
    return true
  }
  const device = attributeOf(disk, 'device') ?? 'disk'
  if (device === 'cdrom' || device === 'floppy') return true
  dropped.push(target)
  return false
}

function unplug(nic: XmlNode, up: boolean): void {
  drop(nic, 'mac', ...(up ? [] : ['link']))
  if (!up) append(nic, element('link', { state: 'down' }))
}
