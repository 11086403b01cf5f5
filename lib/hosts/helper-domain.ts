import { isLibvirtError, VIR_DOMAIN_DESTROY_GRACEFUL, VIR_ERR_NO_DOMAIN, type Connect, type Domain } from 'node-libvirt'
import { attribute, child, childText, escapeXml, parseXml } from './xml.ts'

/** Names of helpers begin so. */
const PREFIXES = ['keyframe-copy-', 'keyframe-pull-', 'keyframe-restore-']

/** True for a helper of an operation: lists of VMs leave it out; who asks which files are in use must not. */
export const isHelper = (vm: { name: string; persistent: boolean }): boolean => !vm.persistent && PREFIXES.some((prefix) => vm.name.startsWith(prefix))

/** One image of a chain. */
export interface HelperLayer {
  path: string
  format: string
  sourceType?: 'file' | 'block'
}

const sourceXml = ({ path, sourceType = 'file' }: HelperLayer) => `<source ${sourceType === 'block' ? 'dev' : 'file'}='${escapeXml(path)}'/>`

/** XML of a disk whose whole chain is named, so that no image's own header is believed; the top layer first. What a read-only one is copied to takes its `discard`: without it a raw image is filled to its whole size with zeros (measured). */
export function helperDiskXml([top, ...below]: readonly [HelperLayer, ...HelperLayer[]], { readonly }: { readonly: boolean }): string {
  const chain = below.reduceRight((inner, layer) => `<backingStore type='${layer.sourceType ?? 'file'}'><format type='${escapeXml(layer.format)}'/>${sourceXml(layer)}${inner}</backingStore>`, '<backingStore/>')
  return `<disk type='${top.sourceType ?? 'file'}' device='disk'><driver name='qemu' type='${escapeXml(top.format)}'${readonly ? ` discard='unmap'` : ''}/>${sourceXml(top)}${chain}<target dev='vda' bus='virtio'/>${readonly ? '<readonly/>' : ''}</disk>`
}

/** A domain with nothing but one disk, of the architecture and the kind of a VM of its host: it never runs, it only lends us a QEMU. */
export function helperDomainXml(vmXml: string, name: string, diskXml: string): string {
  const vm = parseXml(vmXml, 'domain')
  const type = child(child(vm, 'os'), 'type')
  const emulator = childText(child(vm, 'devices'), 'emulator')
  return `<domain type='${attribute(vm, 'type') ?? 'qemu'}'>
  <name>${escapeXml(name)}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='${escapeXml(attribute(type, 'arch') ?? 'x86_64')}' machine='${escapeXml(attribute(type, 'machine') ?? 'pc')}'>hvm</type></os>
  <devices>${emulator === null ? '' : `<emulator>${escapeXml(emulator)}</emulator>`}
    ${diskXml}
    <controller type='usb' model='none'/><memballoon model='none'/>
  </devices>
</domain>`
}

/** Ends a helper in the orderly way, which writes everything; one that is gone is fine. */
export async function endHelper(domain: Domain): Promise<void> {
  await domain.destroy(VIR_DOMAIN_DESTROY_GRACEFUL).catch((error: unknown) => { if (!isLibvirtError(error) || error.code === VIR_ERR_NO_DOMAIN) return; throw error })
}

/** Ends a helper of this name that was left by a libvirtd that died: else its connection's end has ended it. */
export async function endLeftHelper(connect: Connect, name: string): Promise<void> {
  const left = await connect.domainLookupByName(name).catch((error: unknown) => { if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return null; throw error })
  if (left !== null) await endHelper(left)
}
