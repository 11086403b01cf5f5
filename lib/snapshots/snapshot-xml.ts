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

/** A VM before its disks were switched: its XML with secrets, libvirt's migratable form of the live one. */
export interface DomainBefore {
  liveXml: string
  /** null: a transient VM has no other. */
  inactiveXml: string | null
  /** Name of the snapshot that was the current one. */
  parent: string | null
  atMs: number
}

/** The entry that libvirt itself would hold of a disk-only snapshot of these disks, for a redefinition. Pure. */
export function snapshotEntryXml(
  name: string,
  description: string,
  disks: readonly SnapshotXmlDisk[],
  { liveXml, inactiveXml, parent, atMs }: DomainBefore,
): string {
  const entry = [
    '  <state>disk-snapshot</state>',
    `  <creationTime>${Math.floor(atMs / 1000)}</creationTime>`,
    ...(parent === null ? [] : [`  <parent><name>${escapeXml(parent)}</name></parent>`]),
    liveXml.trim(),
    ...(inactiveXml === null
      ? []
      : [
          inactiveXml
            .trim()
            .replace(/^<domain\b/, '<inactiveDomain')
            .replace(/<\/domain>$/, '</inactiveDomain>'),
        ]),
    '</domainsnapshot>',
  ].join('\n')
  return snapshotXml(name, description, disks).replace(/<\/domainsnapshot>$/, () => entry)
}
