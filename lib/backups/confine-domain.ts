import { attributeOf, contentOf, drop, dropWhere, elementsOf, firstOf, nameOf, setAttribute, textOf, type XmlNode } from './xml-nodes.ts'

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
const PLAIN = new Set(['name', 'uuid', 'title', 'description', 'metadata', 'genid', 'memory', 'currentMemory', 'maxMemory', 'memoryBacking', 'memtune', 'vcpu', 'vcpus', 'iothreads', 'iothreadids', 'defaultiothread', 'cputune', 'numatune', 'sysinfo', 'os', 'features', 'cpu', 'clock', 'on_poweroff', 'on_reboot', 'on_crash', 'on_lockfailure', 'pm', 'perf', 'devices', 'throttlegroups', 'keywrap', 'launchSecurity'])
const PLAIN_OS = new Set(['type', 'boot', 'bootmenu', 'bios', 'smbios', 'firmware', 'loader', 'nvram', 'varstore'])
const PLAIN_DEVICES = new Set(['disk', 'controller', 'interface', 'input', 'hub', 'graphics', 'video', 'sound', 'audio', 'watchdog', 'memballoon', 'rng', 'tpm', 'panic', 'iommu', 'vsock', 'memory', 'crypto', 'serial', 'console', 'parallel', 'channel', 'redirfilter', 'redirdev', 'nvram'])
/** Character devices that end inside of QEMU, or at a path that libvirt chooses. */
const PLAIN_CHARACTER_TYPES = new Set(['pty', 'null', 'vc', 'spicevmc', 'qemu-vdagent'])
/** Networks that a VM is given by name; the card is unplugged unless a person plugs it in. */
const PLAIN_NETWORKS = new Set(['network', 'bridge', 'user', 'direct'])

const NAMES: Record<string, string> = {
  hostdev: 'a device of the host', filesystem: 'a shared folder', shmem: 'shared memory', lease: 'a lock of a lock manager', smartcard: 'a smart card of the host', pstore: 'a pstore file',
  kernel: 'the kernel', initrd: 'the initrd', cmdline: 'the kernel’s command line', dtb: 'a device tree', acpi: 'an ACPI table', shim: 'a boot shim', init: 'an init program', initarg: 'an argument of the init program', initenv: 'a variable of the init program', initdir: 'a folder of the init program', inituser: 'the user of the init program', initgroup: 'the group of the init program',
  seclabel: 'a security label', resource: 'a resource partition', blkiotune: 'weights of disks of the host', bootloader: 'a boot loader of the host', bootloader_args: 'arguments of a boot loader', idmap: 'a map of user ids',
}

/**
 * Takes out of a domain what reaches the host, in place, and says what that was: host devices, shared folders, character devices that
 * end at files and sockets, kernels, firmware of unknown paths, QEMU arguments, and whatever libvirt may learn later, for only
 * elements that are known to be plain stay. Ports and sockets that exist once a host become the new VM's own.
 */
export function confineDomain(domain: XmlNode, offer: HostOffer): HostDemand[] {
  const demands: HostDemand[] = []
  const note = (what: string, outcome: HostDemand['outcome']) => { if (!demands.some((each) => each.what === what)) demands.push({ key: `${outcome}: ${what}`, what, outcome }) }
  const leaveOut = (node: XmlNode) => { note(nameInWords(node), 'left out'); return true }
  dropWhere(domain, (node) => !PLAIN.has(nameOf(node)) && leaveOut(node))
  // smbios text is plain; fwcfg can read files of the host.
  dropWhere(domain, (node) => nameOf(node) === 'sysinfo' && attributeOf(node, 'type') !== 'smbios' && leaveOut(node))
  dropWhere(domain, (node) => nameOf(node) === 'launchSecurity' && leaveOut(node))
  for (const backing of elementsOf(domain, 'memoryBacking')) drop(backing, 'source')
  const os = firstOf(domain, 'os')
  if (os) confineOs(os, offer, note, leaveOut)
  for (const devices of elementsOf(domain, 'devices')) confineDevices(devices, offer, note, leaveOut)
  return demands
}

type Note = (what: string, outcome: HostDemand['outcome']) => void
type LeaveOut = (node: XmlNode) => boolean

function confineOs(os: XmlNode, offer: HostOffer, note: Note, leaveOut: LeaveOut): void {
  dropWhere(os, (node) => !PLAIN_OS.has(nameOf(node)) && leaveOut(node))
  const loader = firstOf(os, 'loader')
  const path = textOf(loader).trim()
  if (!loader || path === '' || offer.firmware.includes(path)) return
  note(`the firmware ${path}`, 'chosen by the host')
  drop(os, 'loader')
  if (attributeOf(loader, 'type') === 'pflash') setAttribute(os, 'firmware', 'efi')
}

function confineDevices(devices: XmlNode, offer: HostOffer, note: Note, leaveOut: LeaveOut): void {
  const emulator = firstOf(devices, 'emulator')
  if (emulator && !offer.emulators.includes(textOf(emulator).trim())) note(`the emulator ${textOf(emulator).trim()}`, 'chosen by the host')
  drop(devices, 'emulator')
  dropWhere(devices, (node) => !PLAIN_DEVICES.has(nameOf(node)) && leaveOut(node))
  dropWhere(devices, (node) => reachesHost(node) && leaveOut(node))
  for (const node of elementsOf(devices)) CONFINE[nameOf(node)]?.(node, note)
}

/** Devices of a plain name that are a part of the host all the same. */
function reachesHost(node: XmlNode): boolean {
  const type = attributeOf(node, 'type') ?? ''
  switch (nameOf(node)) {
    case 'interface': return !PLAIN_NETWORKS.has(type)
    case 'input': return type === 'passthrough' || type === 'evdev'
    case 'tpm': return attributeOf(firstOf(node, 'backend'), 'type') !== 'emulator'
    case 'memory': return firstOf(node, 'source') !== undefined && firstOf(firstOf(node, 'source'), 'path') !== undefined
    case 'redirdev': return type !== 'spicevmc'
    case 'graphics': return !['vnc', 'spice'].includes(type)
    case 'crypto': return attributeOf(firstOf(node, 'backend'), 'model') !== 'builtin'
    default: return false
  }
}

const CONFINE: Record<string, (node: XmlNode, note: Note) => void> = {
  interface(node, note) {
    for (const script of [...elementsOf(node, 'script'), ...elementsOf(node, 'downscript')]) note(`the network script ${attributeOf(script, 'path') ?? ''}`, 'left out')
    drop(node, 'script', 'downscript', 'backend', 'target')
  },
  graphics(node, note) {
    const port = attributeOf(node, 'port')
    if (attributeOf(node, 'autoport') !== 'yes' && port !== null && port !== '-1') note(`the ${attributeOf(node, 'type')} port ${port}`, 'made unique')
    const socket = attributeOf(node, 'socket') ?? elementsOf(node, 'listen').map((listen) => attributeOf(listen, 'socket')).find((each) => each !== null) ?? null
    if (socket !== null) note(`the socket ${socket}`, 'made unique')
    for (const name of ['port', 'tlsPort', 'websocket', 'socket']) setAttribute(node, name, null)
    for (const listen of elementsOf(node, 'listen')) setAttribute(listen, 'socket', null)
    setAttribute(node, 'autoport', 'yes')
    for (const gl of elementsOf(node, 'gl')) setAttribute(gl, 'rendernode', null)
  },
  video(node, note) {
    if (attributeOf(firstOf(node, 'driver'), 'name') !== 'vhostuser') return
    note('a video device of the host', 'left out')
    drop(node, 'driver')
  },
  audio(node, note) {
    if (!['none', 'spice'].includes(attributeOf(node, 'type') ?? '')) note(`sound by ${attributeOf(node, 'type')} on the host`, 'left out')
    for (const name of ['path', 'dev', 'serverName', 'driver', 'runtimeDir']) setAttribute(node, name, null)
    if (attributeOf(node, 'type') !== 'spice') setAttribute(node, 'type', 'none')
    drop(node, 'input', 'output')
  },
  rng(node, note) {
    const backend = firstOf(node, 'backend')
    const source = attributeOf(backend, 'model') === 'builtin' ? '' : textOf(backend).trim()
    if (!backend || ['', '/dev/urandom', '/dev/random'].includes(source) && elementsOf(backend).length === 0) return
    note(`random numbers from ${source || 'a daemon of the host'}`, 'chosen by the host')
    backend.backend = []
    for (const name of ['type', 'model']) setAttribute(backend, name, null)
    setAttribute(backend, 'model', 'builtin')
  },
  tpm(node) {
    for (const backend of elementsOf(node, 'backend')) drop(backend, 'source', 'encryption')
  },
  vsock(node, note) {
    const cid = firstOf(node, 'cid')
    if (!cid || attributeOf(cid, 'auto') === 'yes') return
    note(`the vsock address ${attributeOf(cid, 'address') ?? ''}`, 'made unique')
    setAttribute(cid, 'auto', 'yes')
    setAttribute(cid, 'address', null)
  },
  disk(node, note) {
    for (const name of ['rawio', 'sgio']) setAttribute(node, name, null)
    const device = attributeOf(node, 'device') ?? 'disk'
    if (device === 'lun') setAttribute(node, 'device', 'disk')
    if (device !== 'cdrom' && device !== 'floppy') return
    const source = firstOf(node, 'source')
    if (source) note(`the medium ${sourceInWords(source)} in ${attributeOf(firstOf(node, 'target'), 'dev') ?? 'a drive'}`, 'left out')
    drop(node, 'source', 'backingStore', 'mirror')
    setAttribute(node, 'type', 'file')
  },
  serial: confineCharacter, console: confineCharacter, parallel: confineCharacter, channel: confineCharacter,
}

function confineCharacter(node: XmlNode, note: Note): void {
  const type = attributeOf(node, 'type') ?? 'pty'
  const log = firstOf(node, 'log')
  if (log) note(`the log file ${attributeOf(log, 'file') ?? ''}`, 'left out')
  drop(node, 'log')
  if (type === 'unix' && nameOf(node) === 'channel') {
    // The agent's: libvirt chooses a path where none is given.
    drop(node, 'source')
    return
  }
  const source = firstOf(node, 'source')
  if (!PLAIN_CHARACTER_TYPES.has(type)) {
    note(`a ${nameOf(node)} device that ends at ${source ? sourceInWords(source) : `a ${type}`}`, 'made unique')
    setAttribute(node, 'type', nameOf(node) === 'channel' ? 'unix' : 'pty')
    drop(node, 'protocol')
  }
  drop(node, 'source')
}

const sourceInWords = (source: XmlNode) => ['file', 'dev', 'path', 'dir', 'name', 'service', 'channel', 'bridge', 'network'].map((name) => attributeOf(source, name)).find((value) => value !== null) ?? 'something of the host'

/** A demand as a part of a sentence, with what tells it from others of its kind. */
function nameInWords(node: XmlNode): string {
  const name = nameOf(node)
  if (name.startsWith('qemu:')) return `QEMU’s own settings (${[name, ...elementsOf(node).flatMap((each) => attributeOf(each, 'value') ?? [])].join(' ')})`
  const words = NAMES[name] ?? `<${name}>`
  const source = firstOf(node, 'source')
  const address = source && firstOf(source, 'address')
  const detail = address ? Object.entries(attributesIn(address)).map(([key, value]) => `${key} ${value}`).join(' ')
    : source ? sourceInWords(source) : contentOf(node).length > 0 && elementsOf(node).length === 0 ? textOf(node).trim() : Object.entries(attributesIn(node)).map(([key, value]) => `${key} ${value}`).join(' ')
  return detail === '' ? words : `${words} (${detail})`
}

const attributesIn = (node: XmlNode): Record<string, string> => Object.fromEntries(Object.keys((node[':@'] ?? {}) as object).map((key) => [key, attributeOf(node, key) ?? '']))

/** A demand as one sentence. */
export const demandSentence = ({ what, outcome }: HostDemand): string => `${what.charAt(0).toUpperCase()}${what.slice(1)}: ${outcome}.`
