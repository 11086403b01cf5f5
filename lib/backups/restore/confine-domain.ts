import {
  attributeOf,
  contentOf,
  drop,
  dropWhere,
  elementsOf,
  firstOf,
  nameOf,
  setAttribute,
  textOf,
  type XmlNode,
} from './xml-nodes.ts'

/**
 * What a saved configuration asks of the host beyond the VM itself, and what becomes of it. `key` is the same for the same
 * demand in two backups.
 */
export interface HostDemand {
  key: string
  /** What it is, as a part of a sentence. */
  what: string
  outcome: 'left out' | 'made unique' | 'chosen by the host'
}

/** What the host offers; a configuration is believed in nothing of this. */
export interface HostOffer {
  /** Paths of the firmware that libvirt knows here. */
  firmware: readonly string[]
  /** Paths of its emulators: libvirt chooses the one of the guest's kind. */
  emulators: readonly string[]
}

/** Elements of a domain that ask nothing of the host but CPU, memory and time. What is not here goes. */
const PLAIN = new Set([
  'name',
  'uuid',
  'title',
  'description',
  'metadata',
  'genid',
  'memory',
  'currentMemory',
  'maxMemory',
  'memoryBacking',
  'memtune',
  'vcpu',
  'vcpus',
  'iothreads',
  'iothreadids',
  'defaultiothread',
  'cputune',
  'numatune',
  'sysinfo',
  'os',
  'features',
  'cpu',
  'clock',
  'on_poweroff',
  'on_reboot',
  'on_crash',
  'on_lockfailure',
  'pm',
  'perf',
  'devices',
  'throttlegroups',
  'keywrap',
])
const PLAIN_OS = new Set(['type', 'boot', 'bootmenu', 'bios', 'smbios', 'firmware', 'loader', 'nvram'])
const PLAIN_MEMORY_BACKING = new Set(['nosharepages', 'discard', 'allocation', 'access'])
const PLAIN_DEVICES = new Set([
  'disk',
  'controller',
  'interface',
  'input',
  'hub',
  'graphics',
  'video',
  'sound',
  'audio',
  'watchdog',
  'memballoon',
  'rng',
  'tpm',
  'panic',
  'iommu',
  'vsock',
  'memory',
  'crypto',
  'serial',
  'console',
  'parallel',
  'channel',
  'redirfilter',
  'redirdev',
  'nvram',
  'emulator',
])
/** Character devices that end inside of QEMU, or at a path that libvirt chooses. */
const PLAIN_CHARACTER_TYPES = new Set(['pty', 'null', 'vc', 'spicevmc', 'qemu-vdagent'])
/** Networks that a VM is given by name; the card is unplugged unless a person plugs it in. */
const PLAIN_NETWORKS = new Set(['network', 'bridge', 'user', 'direct'])

const NAMES: Record<string, string> = {
  hostdev: 'a device of the host',
  filesystem: 'a shared folder',
  shmem: 'shared memory',
  lease: 'a lock of a lock manager',
  smartcard: 'a smart card of the host',
  pstore: 'a pstore file',
  kernel: 'the kernel',
  initrd: 'the initrd',
  cmdline: 'the kernel’s command line',
  dtb: 'a device tree',
  acpi: 'an ACPI table',
  shim: 'a boot shim',
  init: 'an init program',
  initarg: 'an argument of the init program',
  initenv: 'a variable of the init program',
  initdir: 'a folder of the init program',
  inituser: 'the user of the init program',
  initgroup: 'the group of the init program',
  varstore: 'a store of firmware variables',
  seclabel: 'a security label',
  resource: 'a resource partition',
  blkiotune: 'weights of disks of the host',
  bootloader: 'a boot loader of the host',
  bootloader_args: 'arguments of a boot loader',
  idmap: 'a map of user ids',
  hugepages: 'huge pages of the host',
  locked: 'memory that is never swapped',
  launchSecurity: 'a sealed launch',
  portForward: 'a port of the host',
  script: 'a network script',
  downscript: 'a network script',
}

type Note = (what: string, outcome: HostDemand['outcome']) => void

/**
 * Takes out of a domain what reaches the host, in place, and says what that was: host devices, shared folders, character devices that
 * end at files and sockets, kernels, firmware of unknown paths, QEMU arguments, and whatever libvirt may learn later, for only
 * elements that are known to be plain stay. Ports and sockets that exist once a host become the new VM's own.
 */
export function confineDomain(domain: XmlNode, offer: HostOffer): HostDemand[] {
  const demands: HostDemand[] = []
  const note: Note = (what, outcome) => {
    if (!demands.some((each) => each.what === what))
      demands.push({ key: `${outcome}: ${what}`, what, outcome })
  }
  keepOnly(domain, PLAIN, note)
  // smbios text is plain; fwcfg can read files of the host.
  leaveOutWhere(domain, (node) => nameOf(node) === 'sysinfo' && attributeOf(node, 'type') !== 'smbios', note)
  for (const backing of elementsOf(domain, 'memoryBacking')) keepOnly(backing, PLAIN_MEMORY_BACKING, note)
  // libvirt takes all of several <os> and <devices> together.
  for (const os of elementsOf(domain, 'os')) confineOs(os, offer, note)
  for (const devices of elementsOf(domain, 'devices')) confineDevices(devices, offer, note)
  for (const part of elementsOf(domain)) if (!TEXT_OF_PEOPLE.has(nameOf(part))) leaveOutPaths(part, note)
  return demands
}

/** What people and tools write there means nothing to libvirt. */
const TEXT_OF_PEOPLE = new Set(['name', 'title', 'description', 'metadata', 'sysinfo'])
/** Images of disks, which are replaced, and firmware, which is looked at by itself. */
const PATHS_OF_THEIR_OWN = new Set(['loader', 'nvram'])
const IMAGES = new Set(['source', 'backingStore', 'mirror'])
const PLAIN_PATHS = new Set(['/dev/urandom', '/dev/random'])

/** Whatever else names a file of the host: a ROM, a keyboard map, and what libvirt may learn later. */
function leaveOutPaths(node: XmlNode, note: Note): void {
  for (const name of Object.keys(attributesIn(node))) {
    const value = attributeOf(node, name) ?? ''
    if (name.startsWith('xmlns') || !value.includes('/')) continue
    note(`the file ${value} (${nameOf(node)} ${name})`, 'left out')
    setAttribute(node, name, null)
  }
  const isPath = (each: XmlNode) => {
    const text = elementsOf(each).length === 0 ? textOf(each).trim() : ''
    return text.startsWith('/') && !PLAIN_PATHS.has(text)
  }
  dropWhere(node, (each) => {
    if (PATHS_OF_THEIR_OWN.has(nameOf(each)) || !isPath(each)) return false
    note(`the file ${textOf(each).trim()} (${nameOf(each)})`, 'left out')
    return true
  })
  for (const each of elementsOf(node)) {
    if (PATHS_OF_THEIR_OWN.has(nameOf(each))) continue
    if (nameOf(node) === 'disk' && IMAGES.has(nameOf(each))) continue
    leaveOutPaths(each, note)
  }
}

/** Leaves out the children for which `goes` is true, and says so. */
const leaveOutWhere = (parent: XmlNode, goes: (node: XmlNode) => boolean, note: Note) =>
  dropWhere(parent, (node) => {
    if (!goes(node)) return false
    note(nameInWords(node), 'left out')
    return true
  })
const keepOnly = (parent: XmlNode, plain: ReadonlySet<string>, note: Note) =>
  leaveOutWhere(parent, (node) => !plain.has(nameOf(node)), note)

/** Takes an attribute away, and says so where it is there. */
function dropAttribute(
  node: XmlNode,
  name: string,
  what: (value: string) => string,
  outcome: HostDemand['outcome'],
  note: Note,
): void {
  const value = attributeOf(node, name)
  if (value === null) return
  note(what(value), outcome)
  setAttribute(node, name, null)
}

function confineOs(os: XmlNode, offer: HostOffer, note: Note): void {
  keepOnly(os, PLAIN_OS, note)
  leaveOutWhere(os, (node) => nameOf(node) === 'smbios' && attributeOf(node, 'mode') === 'host', note)
  for (const loader of elementsOf(os, 'loader')) {
    const path = textOf(loader).trim()
    if (path === '') continue
    if (offer.firmware.includes(path)) {
      // Other VMs start with the same file.
      setAttribute(loader, 'readonly', 'yes')
      continue
    }
    note(`the firmware ${path}`, 'chosen by the host')
    dropWhere(os, (node) => node === loader)
    if (attributeOf(loader, 'type') === 'pflash') setAttribute(os, 'firmware', 'efi')
  }
}

function confineDevices(devices: XmlNode, offer: HostOffer, note: Note): void {
  keepOnly(devices, PLAIN_DEVICES, note)
  for (const emulator of elementsOf(devices, 'emulator'))
    if (!offer.emulators.includes(textOf(emulator).trim()))
      note(`the emulator ${textOf(emulator).trim()}`, 'chosen by the host')
  drop(devices, 'emulator')
  leaveOutWhere(devices, reachesHost, note)
  for (const node of elementsOf(devices)) CONFINE[nameOf(node)]?.(node, note)
}

/** Devices of a plain name that are a part of the host all the same. */
function reachesHost(node: XmlNode): boolean {
  const type = attributeOf(node, 'type') ?? ''
  switch (nameOf(node)) {
    // A card of the host that is handed over whole.
    case 'interface':
      return !PLAIN_NETWORKS.has(type) || attributeOf(firstOf(node, 'source'), 'mode') === 'passthrough'
    case 'input':
      return type === 'passthrough' || type === 'evdev'
    case 'tpm':
      return attributeOf(firstOf(node, 'backend'), 'type') !== 'emulator'
    case 'memory':
      return elementsOf(node, 'source').some((source) => firstOf(source, 'path') !== undefined)
    case 'redirdev':
      return type !== 'spicevmc'
    case 'graphics':
      return !['vnc', 'spice', 'egl-headless'].includes(type)
    case 'crypto':
      return attributeOf(firstOf(node, 'backend'), 'model') !== 'builtin'
    default:
      return false
  }
}

const CONFINE: Record<string, (node: XmlNode, note: Note) => void> = {
  interface(node, note) {
    leaveOutWhere(node, (each) => ['script', 'downscript', 'portForward'].includes(nameOf(each)), note)
    // The name of the other end, which libvirt gives.
    drop(node, 'target')
    for (const backend of elementsOf(node, 'backend')) {
      const isPasst = attributeOf(backend, 'type') === 'passt'
      for (const name of ['logFile', 'tap', 'vhost', 'hostname', 'fqdn'])
        dropAttribute(backend, name, (value) => `the network’s ${name} ${value}`, 'left out', note)
      if (!isPasst) dropWhere(node, (each) => each === backend)
    }
    if (attributeOf(node, 'type') === 'user') leaveOutWhere(node, (each) => nameOf(each) === 'source', note)
  },
  graphics(node, note) {
    const type = attributeOf(node, 'type') ?? ''
    for (const gl of elementsOf(node, 'gl'))
      dropAttribute(gl, 'rendernode', (value) => `the graphics card ${value}`, 'chosen by the host', note)
    if (type === 'egl-headless') return
    const isChosen = attributeOf(node, 'autoport') === 'yes'
    for (const name of ['port', 'tlsPort', 'websocket']) {
      const port = attributeOf(node, name)
      if (!isChosen && port !== null && port !== '-1') note(`the ${type} port ${port}`, 'made unique')
      setAttribute(node, name, null)
    }
    setAttribute(node, 'autoport', 'yes')
    for (const listen of elementsOf(node, 'listen'))
      if (attributeOf(listen, 'type') === 'network') setAttribute(listen, 'type', 'address')
    for (const each of [node, ...elementsOf(node, 'listen')]) {
      dropAttribute(each, 'socket', (value) => `the socket ${value}`, 'made unique', note)
      for (const name of ['listen', 'address', 'network'])
        dropAttribute(each, name, (value) => `the ${type} screen at ${value}`, 'chosen by the host', note)
    }
  },
  video(node, note) {
    if (attributeOf(firstOf(node, 'driver'), 'name') !== 'vhostuser') return
    note('a video device of the host', 'left out')
    drop(node, 'driver')
  },
  audio(node, note) {
    if (!['none', 'spice'].includes(attributeOf(node, 'type') ?? ''))
      note(`sound by ${attributeOf(node, 'type')} on the host`, 'left out')
    for (const name of ['path', 'dev', 'serverName', 'driver', 'runtimeDir']) setAttribute(node, name, null)
    if (attributeOf(node, 'type') !== 'spice') setAttribute(node, 'type', 'none')
    drop(node, 'input', 'output')
  },
  rng(node, note) {
    for (const backend of elementsOf(node, 'backend')) {
      const source = attributeOf(backend, 'model') === 'builtin' ? '' : textOf(backend).trim()
      if (['', '/dev/urandom', '/dev/random'].includes(source) && elementsOf(backend).length === 0) continue
      note(`random numbers from ${source || 'a daemon of the host'}`, 'chosen by the host')
      backend.backend = []
      setAttribute(backend, 'type', null)
      setAttribute(backend, 'model', 'builtin')
    }
  },
  tpm(node, note) {
    for (const backend of elementsOf(node, 'backend'))
      leaveOutWhere(backend, (each) => ['source', 'encryption'].includes(nameOf(each)), note)
  },
  vsock(node, note) {
    for (const cid of elementsOf(node, 'cid')) {
      if (attributeOf(cid, 'auto') === 'yes') continue
      note(`the vsock address ${attributeOf(cid, 'address') ?? ''}`, 'made unique')
      setAttribute(cid, 'auto', 'yes')
      setAttribute(cid, 'address', null)
    }
  },
  disk(node, note) {
    const target = attributeOf(firstOf(node, 'target'), 'dev') ?? 'a drive'
    const device = attributeOf(node, 'device') ?? 'disk'
    if (device === 'lun') {
      note(`SCSI commands of ${target} to a device of the host`, 'left out')
      setAttribute(node, 'device', 'disk')
    }
    for (const name of ['rawio', 'sgio'])
      dropAttribute(node, name, () => `SCSI commands of ${target} to a device of the host`, 'left out', note)
    leaveOutWhere(node, (each) => ['auth', 'encryption'].includes(nameOf(each)), note)
    if (device !== 'cdrom' && device !== 'floppy') return
    for (const source of elementsOf(node, 'source'))
      note(`the medium ${sourceInWords(source)} in ${target}`, 'left out')
    drop(node, 'source', 'backingStore', 'mirror')
    setAttribute(node, 'type', 'file')
  },
  serial: confineCharacter,
  console: confineCharacter,
  parallel: confineCharacter,
  channel: confineCharacter,
}

function confineCharacter(node: XmlNode, note: Note): void {
  const type = attributeOf(node, 'type') ?? 'pty'
  const kind = nameOf(node)
  for (const log of elementsOf(node, 'log'))
    note(`the log file ${attributeOf(log, 'file') ?? ''}`, 'left out')
  drop(node, 'log', 'protocol')
  const source = firstOf(node, 'source')
  // The agent's channel: libvirt chooses a path where none is given.
  const isPlain = PLAIN_CHARACTER_TYPES.has(type) || (kind === 'channel' && type === 'unix')
  if (!isPlain || (type === 'unix' && source))
    note(`a ${kind} device that ends at ${source ? sourceInWords(source) : `a ${type}`}`, 'made unique')
  if (!isPlain) setAttribute(node, 'type', kind === 'channel' ? 'unix' : 'pty')
  drop(node, 'source')
}

const sourceInWords = (source: XmlNode) =>
  ['file', 'dev', 'path', 'dir', 'name', 'service', 'channel', 'bridge', 'network']
    .map((name) => attributeOf(source, name))
    .find((value) => value !== null) ?? 'something of the host'

/** A demand as a part of a sentence, with what tells it from others of its kind. */
function nameInWords(node: XmlNode): string {
  const name = nameOf(node)
  if (name.startsWith('qemu:'))
    return `QEMU’s own settings (${[name, ...elementsOf(node).flatMap((each) => attributeOf(each, 'value') ?? [])].join(' ')})`
  const words = NAMES[name] ?? `<${name}>`
  const detail = detailInWords(node)
  return detail === '' ? words : `${words} (${detail})`
}

function detailInWords(node: XmlNode): string {
  const source = firstOf(node, 'source')
  const address = source && firstOf(source, 'address')
  if (address) return attributesInWords(address)
  if (source) return sourceInWords(source)
  const isText = contentOf(node).length > 0 && elementsOf(node).length === 0
  return isText ? textOf(node).trim() : attributesInWords(node)
}

const attributesInWords = (node: XmlNode) =>
  Object.entries(attributesIn(node))
    .map(([key, value]) => `${key} ${value}`)
    .join(' ')

const attributesIn = (node: XmlNode): Record<string, string> =>
  Object.fromEntries(
    Object.keys((node[':@'] ?? {}) as object).map((key) => [key, attributeOf(node, key) ?? '']),
  )

/** As people read it. */
const OUTCOMES: Record<HostDemand['outcome'], string> = {
  'left out': 'left out',
  'made unique': 'the new VM gets its own',
  'chosen by the host': 'chosen by the host',
}

/** A demand as one sentence. */
export const demandSentence = ({ what, outcome }: HostDemand): string =>
  `${what.charAt(0).toUpperCase()}${what.slice(1)}: ${OUTCOMES[outcome]}.`
