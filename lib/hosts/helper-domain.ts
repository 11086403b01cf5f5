import {
  isLibvirtError,
  VIR_DOMAIN_DESTROY_GRACEFUL,
  VIR_ERR_NO_DOMAIN,
  type Connect,
  type Domain,
} from 'node-libvirt'
import { attribute, child, children, childText, escapeXml, parseXml } from './xml.ts'

/** Names of helpers begin so. */
const PREFIXES = ['keyframe-copy-', 'keyframe-pull-', 'keyframe-restore-']

/** True for a helper of an operation: lists of VMs leave it out; who asks which files are in use must not. */
export const isHelper = (vm: { name: string; persistent: boolean }): boolean =>
  !vm.persistent && PREFIXES.some((prefix) => vm.name.startsWith(prefix))

/** One image of a chain. */
export interface HelperLayer {
  path: string
  format: string
  sourceType?: 'file' | 'block'
}

const sourceXml = ({ path, sourceType = 'file' }: HelperLayer) =>
  `<source ${sourceType === 'block' ? 'dev' : 'file'}='${escapeXml(path)}'/>`

/** XML of a disk whose whole chain is named, so that no image's own header is believed; the top layer first. What a read-only one is copied to takes its `discard`: without it a raw image is filled to its whole size with zeros (measured). */
export function helperDiskXml(
  [top, ...below]: readonly [HelperLayer, ...HelperLayer[]],
  { readonly }: { readonly: boolean },
): string {
  const chain = below.reduceRight(
    (inner, layer) =>
      `<backingStore type='${layer.sourceType ?? 'file'}'><format type='${escapeXml(layer.format)}'/>${sourceXml(layer)}${inner}</backingStore>`,
    '<backingStore/>',
  )
  return `<disk type='${top.sourceType ?? 'file'}' device='disk'><driver name='qemu' type='${escapeXml(top.format)}'${readonly ? ` discard='unmap'` : ''}/>${sourceXml(top)}${chain}<target dev='vda' bus='virtio'/>${readonly ? '<readonly/>' : ''}</disk>`
}

/** What kind of guest a helper is. */
export interface HelperKind {
  /** As in `<domain type>`: "kvm", "qemu". */
  virtType: string
  arch: string
  /** null: libvirt's choice. */
  machine: string | null
  emulator: string | null
}

/** The kind of a VM that libvirt runs on the host: what it was started with serves a helper, too. Never of XML that came from elsewhere. */
export function helperKindOfVm(vmXml: string): HelperKind {
  const vm = parseXml(vmXml, 'domain')
  const type = child(child(vm, 'os'), 'type')
  return {
    virtType: attribute(vm, 'type') ?? 'qemu',
    arch: attribute(type, 'arch') ?? 'x86_64',
    machine: attribute(type, 'machine') ?? 'pc',
    emulator: childText(child(vm, 'devices'), 'emulator'),
  }
}

/** The kind that every host can run, from its own capabilities: its own architecture, and emulation where there is any, for a helper computes nothing. Throws an Error with a sentence. */
export function helperKindOfHost(capabilities: string): HelperKind {
  const root = parseXml(capabilities, 'capabilities')
  const hostArch = childText(child(child(root, 'host'), 'cpu'), 'arch')
  const guests = children(root, 'guest')
    .filter((guest) => childText(guest, 'os_type') === 'hvm')
    .flatMap((guest) => children(guest, 'arch'))
  const arch = guests.find((each) => attribute(each, 'name') === hostArch) ?? guests[0]
  const types = children(arch, 'domain').map((each) => attribute(each, 'type') ?? '')
  const virtType = types.includes('qemu') ? 'qemu' : types[0]
  const name = attribute(arch, 'name')
  if (name === null || virtType === undefined)
    throw new Error('The host says that it can run no guest at all: is QEMU installed there?')
  return { virtType, arch: name, machine: null, emulator: null }
}

/** Paths of the emulators that a host's capabilities name. */
export function readEmulators(capabilities: string): string[] {
  const archs = children(parseXml(capabilities, 'capabilities'), 'guest').flatMap((guest) =>
    children(guest, 'arch'),
  )
  return archs
    .flatMap((arch) => children(arch, 'emulator'))
    .flatMap((each) => (typeof each['#text'] === 'string' ? [each['#text'].trim()] : []))
}

/** A domain with nothing but one disk: it never runs, it only lends us a QEMU. */
export function helperDomainXml(
  { virtType, arch, machine, emulator }: HelperKind,
  name: string,
  diskXml: string,
): string {
  return `<domain type='${escapeXml(virtType)}'>
  <name>${escapeXml(name)}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='${escapeXml(arch)}'${machine === null ? '' : ` machine='${escapeXml(machine)}'`}>hvm</type></os>
  <devices>${emulator === null ? '' : `<emulator>${escapeXml(emulator)}</emulator>`}
    ${diskXml}
    <controller type='usb' model='none'/><memballoon model='none'/>
  </devices>
</domain>`
}

/** Ends a helper in the orderly way, which writes everything; one that is gone is fine. */
export async function endHelper(domain: Domain): Promise<void> {
  await domain.destroy(VIR_DOMAIN_DESTROY_GRACEFUL).catch((error: unknown) => {
    if (!isLibvirtError(error) || error.code === VIR_ERR_NO_DOMAIN) return
    throw error
  })
}

/** Ends a helper of this name that was left by a libvirtd that died: else its connection's end has ended it. */
export async function endLeftHelper(connect: Connect, name: string): Promise<void> {
  const left = await connect.domainLookupByName(name).catch((error: unknown) => {
    if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return null
    throw error
  })
  if (left !== null) await endHelper(left)
}
