import type { SnapshotXmlDisk } from './snapshot-xml.ts'
import type { QuiesceMode } from './types.ts'

export interface SnapshotRequest {
  name: string
  description: string
  /** libvirt is to remember nothing of it: overlays that are merged back at once. */
  withoutMetadata?: boolean
  quiesce: QuiesceMode
  /** Every disk of the VM; those without an overlay are left out. */
  disks: SnapshotXmlDisk[]
}
