import { attribute, child, children, childText, parseXml, type XmlElement } from './xml.ts'

/** A storage volume as XML names it: what file it is, its pool knows (resolve-volumes.ts). */
export interface VolumeName {
  pool: string
  name: string
}

/** One layer as a running domain's XML names it, active layer first. */
export interface XmlLayer {
  path: string | null
  volume: VolumeName | null
  sourceType: string
  format: string | null
  nodeIndex: number | null
}

export interface XmlDisk {
  target: string
  device: 'disk' | 'cdrom' | 'floppy' | 'lun'
  bus: string | null
  /** "file", "block", "network", "volume", … */
  sourceType: string
  /** File or device path; null for an empty drive, for sources without one, and for a volume until it is resolved. */
  path: string | null
  /** Set where the source is named by pool and volume. */
  volume: VolumeName | null
  format: string | null
  readonly: boolean
  shareable: boolean
  transient: boolean
  /** Active layer first, as far as the XML names them: all of a running VM's; for a VM that is off, only those that somebody pinned. */
  layers: XmlLayer[]
  /** The XML says what lies below it, or that nothing does: libvirt then does not look at the image itself. */
  pinsBacking: boolean
  /** It says so down to the last layer: nothing lies below the last of `layers`. */
  pinsBase: boolean
  /** The disk is only a part of its file (<slices>). */
  isSlice: boolean
  isEncrypted: boolean
  /** The VM starts without it where it is missing. */
  isOptional: boolean
  /** Set while a copy or an active commit mirrors. */
  mirror: { job: string | null; ready: boolean } | null
}

export interface DomainDescription {
  name: string
  uuid: string
  title: string | null
  disks: XmlDisk[]
  /** True when the domain has a channel for the QEMU guest agent. */
  hasAgentChannel: boolean
  /** Files besides disks without which it does not start, each with what it is: “kernel”. */
  startFiles: { what: string; path: string }[]
  /** What else a revert to an older definition changes, by name, as a person would say it. */
  settings: Record<string, string>
  /** How QEMU is confined, and as whom it runs. */
  securityLabels: { model: string; label: string | null; relabel: boolean }[]
}

const DEVICES = ['disk', 'cdrom', 'floppy', 'lun'] as const

/** What Keyframe needs of `virsh dumpxml`. */
export const parseDomainXml = (xml: string): DomainDescription => describeDomain(parseXml(xml, 'domain'))

/** The same of a <domain> inside other XML, a snapshot's for example. */
export function describeDomain(root: XmlElement): DomainDescription {
  const devices = child(root, 'devices')
  const targets = children(devices, 'channel').map((channel) => attribute(child(channel, 'target'), 'name'))
  return {
    name: childText(root, 'name') ?? '',
    uuid: childText(root, 'uuid') ?? '',
    title: childText(root, 'title'),
    disks: children(devices, 'disk').map(parseDisk),
    startFiles: startFiles(root),
    settings: settingsOf(root),
    hasAgentChannel: targets.includes('org.qemu.guest_agent.0'),
    securityLabels: children(root, 'seclabel').map((label) => ({
      model: attribute(label, 'model') ?? '',
      label: childText(label, 'label'),
      relabel: attribute(label, 'relabel') !== 'no',
    })),
  }
}

function startFiles(root: XmlElement): DomainDescription['startFiles'] {
  const os = child(root, 'os')
  const texts = ['kernel', 'initrd', 'dtb', 'loader'].map((what) => ({ what, path: childText(os, what) }))
  const nvram = child(os, 'nvram')
  const named = [
    ...texts,
    { what: 'NVRAM', path: attribute(child(nvram, 'source'), 'file') ?? childText(os, 'nvram') },
    ...children(child(root, 'devices'), 'filesystem').map((folder) => ({
      what: 'shared folder',
      path: attribute(child(folder, 'source'), 'dir'),
    })),
  ]
  return named.flatMap(({ what, path }) =>
    path?.trim().startsWith('/') ? [{ what, path: path.trim() }] : [],
  )
}

const UNIT_KIB: Record<string, number> = {
  b: 1 / 1024,
  KiB: 1,
  k: 1,
  MiB: 1024,
  M: 1024,
  GiB: 1024 * 1024,
  G: 1024 * 1024,
}

function settingsOf(root: XmlElement): Record<string, string> {
  const memory = child(root, 'memory')
  const kib = Number(childText(root, 'memory') ?? 0) * (UNIT_KIB[attribute(memory, 'unit') ?? 'KiB'] ?? 1)
  const devices = child(root, 'devices')
  const cards = children(devices, 'interface').map(
    (card) => attribute(child(card, 'mac'), 'address') ?? attribute(card, 'type') ?? '',
  )
  const boot = children(child(root, 'os'), 'boot').map((each) => attribute(each, 'dev') ?? '')
  const machine = attribute(child(child(root, 'os'), 'type'), 'machine')
  return {
    memory: `${Math.round(kib / 1024)} MiB`,
    vCPUs: childText(root, 'vcpu')?.trim() ?? '1',
    title: childText(root, 'title') ?? 'none',
    'network cards': cards.length === 0 ? 'none' : cards.join(', '),
    'boot order': boot.length === 0 ? 'none' : boot.join(', '),
    'machine type': machine ?? 'default',
  }
}

function parseDisk(disk: XmlElement): XmlDisk {
  const source = child(disk, 'source')
  const mirror = child(disk, 'mirror')
  const [path, volume] = [sourcePath(source), volumeName(source)]
  const format = attribute(child(disk, 'driver'), 'type')
  const sourceType = attribute(disk, 'type') ?? 'file'
  const layers: XmlLayer[] =
    path === null && volume === null ? [] : [{ path, volume, sourceType, format, nodeIndex: index(source) }]
  let below = child(disk, 'backingStore')
  for (; below && child(below, 'source'); below = child(below, 'backingStore')) {
    const layerSource = child(below, 'source')
    layers.push({
      path: sourcePath(layerSource),
      volume: volumeName(layerSource),
      sourceType: attribute(below, 'type') ?? 'file',
      format: attribute(child(below, 'format'), 'type'),
      nodeIndex: index(below),
    })
  }
  return {
    target: attribute(child(disk, 'target'), 'dev') ?? '',
    device: DEVICES.find((each) => each === attribute(disk, 'device')) ?? 'disk',
    bus: attribute(child(disk, 'target'), 'bus'),
    sourceType,
    path,
    volume,
    format,
    readonly: child(disk, 'readonly') !== undefined,
    shareable: child(disk, 'shareable') !== undefined,
    transient: child(disk, 'transient') !== undefined,
    layers,
    isSlice: child(source, 'slices') !== undefined,
    isEncrypted: child(source, 'encryption') !== undefined || child(disk, 'encryption') !== undefined,
    isOptional: attribute(source, 'startupPolicy') === 'optional',
    pinsBacking: child(disk, 'backingStore') !== undefined,
    pinsBase: below !== undefined,
    mirror: mirror ? { job: attribute(mirror, 'job'), ready: attribute(mirror, 'ready') === 'yes' } : null,
  }
}

const sourcePath = (source: XmlElement | undefined): string | null =>
  attribute(source, 'file') ?? attribute(source, 'dev')

function volumeName(source: XmlElement | undefined): VolumeName | null {
  const [pool, name] = [attribute(source, 'pool'), attribute(source, 'volume')]
  return pool === null || name === null ? null : { pool, name }
}

function index(element: XmlElement | undefined): number | null {
  const text = attribute(element, 'index')
  return text === null ? null : Number(text)
}
