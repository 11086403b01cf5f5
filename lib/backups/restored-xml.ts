import { XMLBuilder, XMLParser } from 'fast-xml-parser'

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

/** An element as fast-xml-parser keeps it in order: its children under its name, its attributes under ":@". */
type Node = Record<string, unknown>
const ATTRIBUTES = ':@'
const TEXT = '#text'
const OPTIONS = { ignoreAttributes: false, preserveOrder: true, attributeNamePrefix: '', parseTagValue: false, parseAttributeValue: false, trimValues: false, processEntities: true } as const

const nameOf = (node: Node) => Object.keys(node).find((key) => key !== ATTRIBUTES) ?? ''
const childrenOf = (node: Node) => node[nameOf(node)] as Node[]
const find = (nodes: readonly Node[], name: string) => nodes.find((node) => nameOf(node) === name)
const attributesOf = (node: Node | undefined) => (node?.[ATTRIBUTES] ?? {}) as Record<string, string>
const element = (name: string, attributes: Record<string, string>, text?: string): Node => ({ [name]: text === undefined ? [] : [{ [TEXT]: text }], ...(Object.keys(attributes).length > 0 ? { [ATTRIBUTES]: attributes } : {}) })

/** Takes all children of these names away, in place. */
function drop(parent: Node, ...names: string[]): void {
  parent[nameOf(parent)] = childrenOf(parent).filter((node) => !names.includes(nameOf(node)))
}

/** Sets the text of a child, which is made where it is missing. */
function setText(parent: Node, name: string, text: string): void {
  const found = find(childrenOf(parent), name)
  if (found) found[name] = [{ [TEXT]: text }]
  else childrenOf(parent).push(element(name, {}, text))
}

/**
 * The XML of a backed-up VM as a new one: its own name, UUID, generation id and MACs, the restored disks, the network unplugged unless asked
 * for. `dropped`: targets of disks that were not in the backup and go.
 */
export function restoredXml(xml: string, vm: RestoredVm): { xml: string; dropped: string[] } {
  const parsed = new XMLParser(OPTIONS).parse(xml) as Node[]
  const domain = find(parsed, 'domain')
  if (!domain) throw new Error('the saved XML has no <domain>')
  delete attributesOf(domain).id
  setText(domain, 'name', vm.name)
  setText(domain, 'uuid', vm.uuid)
  if (find(childrenOf(domain), 'genid')) setText(domain, 'genid', '')
  for (const sysinfo of childrenOf(domain).filter((node) => nameOf(node) === 'sysinfo')) {
    // libvirt refuses a UUID here that is not the domain's.
    for (const part of childrenOf(sysinfo).filter((node) => nameOf(node) === 'system')) for (const entry of childrenOf(part)) if (attributesOf(entry).name === 'uuid') entry.entry = [{ [TEXT]: vm.uuid }]
  }
  const os = find(childrenOf(domain), 'os')
  if (os && find(childrenOf(os), 'nvram')) {
    drop(os, 'nvram')
    if (vm.nvramPath !== null) childrenOf(os).push(element('nvram', {}, vm.nvramPath))
  }
  const devices = find(childrenOf(domain), 'devices')
  const dropped: string[] = []
  if (devices) {
    devices.devices = childrenOf(devices).filter((node) => {
      if (nameOf(node) === 'interface') unplug(node, vm.networkUp)
      return nameOf(node) !== 'disk' || keepDisk(node, vm, dropped)
    })
  }
  return { xml: (new XMLBuilder({ ...OPTIONS, suppressEmptyNode: true })).build(parsed) as string, dropped }
}

/** The same XML with other images for these disks, by target; all else stays. */
export function withImages(xml: string, images: RestoredVm['disks']): string {
  const parsed = new XMLParser(OPTIONS).parse(xml) as Node[]
  const devices = find(childrenOf(find(parsed, 'domain')!), 'devices')!
  for (const disk of childrenOf(devices)) {
    const image = nameOf(disk) === 'disk' ? images.get(targetOf(disk)) : undefined
    if (image) setImage(disk, image)
  }
  return (new XMLBuilder({ ...OPTIONS, suppressEmptyNode: true })).build(parsed) as string
}

const targetOf = (disk: Node) => attributesOf(find(childrenOf(disk), 'target')).dev ?? ''

function setImage(disk: Node, image: { path: string; format: string }): void {
  drop(disk, 'source', 'backingStore', 'mirror', 'backenddomain')
  disk[ATTRIBUTES] = { ...attributesOf(disk), type: 'file' }
  const driver = find(childrenOf(disk), 'driver')
  if (driver) driver[ATTRIBUTES] = { ...attributesOf(driver), type: image.format }
  else childrenOf(disk).unshift(element('driver', { name: 'qemu', type: image.format }))
  childrenOf(disk).push(element('source', { file: image.path }))
}

/** False for a disk that goes: removable drives stay as they are. */
function keepDisk(disk: Node, vm: RestoredVm, dropped: string[]): boolean {
  const target = targetOf(disk)
  const restored = vm.disks.get(target)
  if (restored) {
    setImage(disk, restored)
    return true
  }
  const device = attributesOf(disk).device ?? 'disk'
  if (device === 'cdrom' || device === 'floppy') return true
  dropped.push(target)
  return false
}

function unplug(nic: Node, up: boolean): void {
  drop(nic, 'mac', ...(up ? [] : ['link']))
  if (!up) childrenOf(nic).push(element('link', { state: 'down' }))
}
