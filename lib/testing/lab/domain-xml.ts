export type DiskSpec = {
  /** vda, vdb … by default in order; sda for a cdrom. */
  target?: string
  format?: 'raw' | 'qcow2'
  path?: string
  /** Named by pool and volume instead of by path. */
  volume?: { pool: string; name: string }
  device?: 'disk' | 'cdrom'
  readonly?: boolean
  shareable?: boolean
  /** Served over the network instead of from a file. */
  network?: { protocol: string; name: string; host: string; port: number }
}

export type DomainSpec = {
  name: string
  uuid?: string
  type: 'kvm' | 'qemu'
  memoryMiB: number
  disks: DiskSpec[]
  kernel?: { image: string; initramfs: string; commandLine: string }
  agentChannel: boolean
  /** It may fall asleep by itself (ACPI S3), which needs the machine q35. */
  canSleep?: boolean
  consoleLog: string
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char]!)
}

function busOf(target: string): string {
  if (target.startsWith('hd')) return 'ide'
  return target.startsWith('sd') ? 'sata' : 'virtio'
}

function sourceType({ network, volume }: DiskSpec): string {
  if (network) return 'network'
  return volume ? 'volume' : 'file'
}

function sourceXml({ network, volume, path }: DiskSpec): string {
  if (network)
    return `<source protocol='${escapeXml(network.protocol)}' name='${escapeXml(network.name)}'><host name='${escapeXml(network.host)}' port='${network.port}'/></source>`
  if (volume) return `<source pool='${escapeXml(volume.pool)}' volume='${escapeXml(volume.name)}'/>`
  return path === undefined ? '' : `<source file='${escapeXml(path)}'/>`
}

function diskXml(disk: DiskSpec, index: number): string {
  const device = disk.device ?? 'disk'
  const target = disk.target ?? (device === 'cdrom' ? 'hdc' : `vd${String.fromCharCode(97 + index)}`)
  return `<disk type='${sourceType(disk)}' device='${device}'>
      <driver name='qemu' type='${disk.format ?? 'raw'}'/>${sourceXml(disk)}<target dev='${target}' bus='${busOf(target)}'/>
      ${disk.readonly || device === 'cdrom' ? '<readonly/>' : ''}${disk.shareable ? '<shareable/>' : ''}
    </disk>`
}

export function domainXml(spec: DomainSpec): string {
  const boot = spec.kernel
    ? `<kernel>${escapeXml(spec.kernel.image)}</kernel><initrd>${escapeXml(spec.kernel.initramfs)}</initrd><cmdline>${escapeXml(spec.kernel.commandLine)}</cmdline>`
    : `<boot dev='hd'/>`
  return `<domain type='${spec.type}'>
  <name>${escapeXml(spec.name)}</name>${spec.uuid ? `<uuid>${spec.uuid}</uuid>` : ''}
  <memory unit='MiB'>${spec.memoryMiB}</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='${spec.canSleep ? 'q35' : 'pc'}'>hvm</type>${boot}</os>
  <features><acpi/></features>
  ${spec.canSleep ? `<pm><suspend-to-mem enabled='yes'/></pm>` : ''}
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    ${spec.disks.map(diskXml).join('\n    ')}
    <serial type='file'><source path='${escapeXml(spec.consoleLog)}'/></serial>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    ${spec.agentChannel ? `<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>` : ''}
  </devices>
</domain>`
}
