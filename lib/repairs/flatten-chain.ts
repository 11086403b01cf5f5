import 'server-only'
import { randomUUID } from 'node:crypto'
import { isLibvirtError, VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES, VIR_DOMAIN_START_AUTODESTROY, VIR_DOMAIN_START_PAUSED } from 'node-libvirt'
import type { Host } from '../hosts/host.ts'
import { virshCommand } from '../hosts/virsh-command.ts'
import { attribute, child, childText, escapeXml, parseXml } from '../hosts/xml.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { LogCall } from '../jobs/step-log.ts'

const POLL_MS = 300
const PREFIX = 'keyframe-flatten-'

/**
 * Makes a layer that no VM has open stand alone: a transient, paused domain with the layer as its disk pulls everything below
 * into it (DESIGN.md, section 3). What the layer shows stays the same at every moment, so a pull that is cut off costs
 * nothing; with its connection the domain goes, too. Throws Refusal with libvirt's words.
 */
export async function pullIntoLayer(host: Host, vmUuid: string, path: string, call: LogCall, onProgress: (percent: number | null) => Promise<void>): Promise<void> {
  await host.connection.operate(async (connect) => {
    const xml = flattenXml(await (await connect.domainLookupByUUID(vmUuid)).getXMLDesc(), path)
    const name = childText(parseXml(xml, 'domain'), 'name') ?? ''
    try {
      const domain = await call({ procedure: 'virDomainCreateXML', virsh: virshCommand(host.connection.uri, 'create', 'domain.xml', '--paused', '--autodestroy'), xml }, () => connect.domainCreateXML(xml, [VIR_DOMAIN_START_PAUSED, VIR_DOMAIN_START_AUTODESTROY]))
      try {
        // Ours alone: nobody asks its block statistics (lib/hosts/inventory.ts tells why that matters).
        host.jobs.setPulling(domain.uuid, true)
        await call({ procedure: 'virDomainBlockRebase', virsh: virshCommand(host.connection.uri, 'blockpull', '--domain', name, '--path', 'vda') }, () => domain.blockRebase('vda', null, 0, VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES))
        for (let info = await domain.getBlockJobInfo('vda'); info !== null; info = await domain.getBlockJobInfo('vda')) {
          await onProgress(info.end > 1 ? Math.floor((info.cur / info.end) * 100) : null)
          await new Promise((resolve) => setTimeout(resolve, POLL_MS))
        }
      } finally {
        await domain.destroy().catch((error: unknown) => { if (!isLibvirtError(error)) throw error })
        host.jobs.setPulling(domain.uuid, false)
      }
    } catch (error) {
      if (isLibvirtError(error)) throw new Refusal(`What lies below ${path} was not taken into it: ${error.message}. The disk shows what it showed before.`)
      throw error
    }
  })
  host.files.forget()
}

/** A domain with nothing but one disk, of the architecture and the kind that the VM's host can run. */
function flattenXml(vmXml: string, path: string): string {
  const vm = parseXml(vmXml, 'domain')
  const type = child(child(vm, 'os'), 'type')
  const emulator = childText(child(vm, 'devices'), 'emulator')
  return `<domain type='${attribute(vm, 'type') ?? 'qemu'}'>
  <name>${PREFIX}${randomUUID().slice(0, 8)}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='${escapeXml(attribute(type, 'arch') ?? 'x86_64')}' machine='${escapeXml(attribute(type, 'machine') ?? 'pc')}'>hvm</type></os>
  <devices>${emulator === null ? '' : `<emulator>${escapeXml(emulator)}</emulator>`}
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${escapeXml(path)}'/><target dev='vda' bus='virtio'/></disk>
    <controller type='usb' model='none'/><memballoon model='none'/>
  </devices>
</domain>`
}
