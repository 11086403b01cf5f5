import { escapeXml } from '../hosts/xml.ts'

export interface SnapshotXmlDisk {
  target: string
  /** null = this disk is left out. */
  overlayPath: string | null
}

/** The XML of `virsh snapshot-create --disk-only` for these disks; every disk of the VM must be named. */
export function snapshotXml(name: string, description: string, disks: readonly SnapshotXmlDisk[]): string {
  const lines = disks.map((disk) =>
    disk.overlayPath === null
      ? `    <disk name='${escapeXml(disk.target)}' snapshot='no'/>`
      : `    <disk name='${escapeXml(disk.target)}' snapshot='external' type='file'><driver type='qcow2'/><source file='${escapeXml(disk.overlayPath)}'/></disk>`,
  )
  return [
    '<domainsnapshot>',
    `  <name>${escapeXml(name)}</name>`,
    ...(description ? [`  <description>${escapeXml(description)}</description>`] : []),
    '  <disks>',
    ...lines,
    '  </disks>',
    '</domainsnapshot>',
  ].join('\n')
}
