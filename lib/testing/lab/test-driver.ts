import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Lab } from './lab.ts'

/**
 * Hundreds of VMs without guests: a file for libvirt's own test driver. Each connection gets a copy of its own, with
 * no block statistics and no jobs.
 */
export function testDriverXml(domains: number): string {
  const domain = (number: number) => `  <domain type='test'>
    <name>vm-${String(number).padStart(4, '0')}</name>
    <memory unit='MiB'>256</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os>
    <devices>
      <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/images/vm-${number}-system.img'/><target dev='vda' bus='virtio'/></disk>
      <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/vm-${number}-data.qcow2'/><target dev='vdb' bus='virtio'/></disk>
    </devices>
  </domain>`
  return `<node>\n${Array.from({ length: domains }, (_, index) => domain(index + 1)).join('\n')}\n</node>\n`
}

export function writeTestDriverXml(path: string, domains: number): void {
  writeFileSync(path, testDriverXml(domains))
  chmodSync(path, 0o644)
}

/** The address of such a host through the lab's own libvirtd; `test://` without `+unix` virsh would serve by itself. */
export function testDriverUri(lab: Lab, domains: number): string {
  const path = join(lab.dir, `test-driver-${domains}.xml`)
  writeTestDriverXml(path, domains)
  return `test+unix://${path}?socket=${lab.socketPath}`
}
