/** Values of libvirt 11.3, include/libvirt/libvirt-domain-snapshot.h. */
import { flag } from './flag-set.ts'

export const VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE = flag<'DomainSnapshotCreate'>(1)
export const VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT = flag<'DomainSnapshotCreate'>(2)
export const VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA = flag<'DomainSnapshotCreate'>(4)
export const VIR_DOMAIN_SNAPSHOT_CREATE_HALT = flag<'DomainSnapshotCreate'>(8)
export const VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY = flag<'DomainSnapshotCreate'>(16)
export const VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT = flag<'DomainSnapshotCreate'>(32)
export const VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE = flag<'DomainSnapshotCreate'>(64)
export const VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC = flag<'DomainSnapshotCreate'>(128)
export const VIR_DOMAIN_SNAPSHOT_CREATE_LIVE = flag<'DomainSnapshotCreate'>(256)
export const VIR_DOMAIN_SNAPSHOT_CREATE_VALIDATE = flag<'DomainSnapshotCreate'>(512)

export const VIR_DOMAIN_SNAPSHOT_XML_SECURE = flag<'DomainSnapshotXML'>(1)

export const VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING = flag<'DomainSnapshotRevert'>(1)
export const VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED = flag<'DomainSnapshotRevert'>(2)
export const VIR_DOMAIN_SNAPSHOT_REVERT_FORCE = flag<'DomainSnapshotRevert'>(4)
export const VIR_DOMAIN_SNAPSHOT_REVERT_RESET_NVRAM = flag<'DomainSnapshotRevert'>(8)

export const VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN = flag<'DomainSnapshotDelete'>(1)
export const VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY = flag<'DomainSnapshotDelete'>(2)
export const VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN_ONLY = flag<'DomainSnapshotDelete'>(4)
