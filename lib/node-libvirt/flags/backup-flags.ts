/** Values of libvirt 11.3, include/libvirt/libvirt-domain.h and libvirt-domain-checkpoint.h. */
import { flag } from './flag-set.ts'

export const VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL = flag<'DomainBackupBegin'>(1)

export const VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE = flag<'DomainCheckpointCreate'>(1)
export const VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE = flag<'DomainCheckpointCreate'>(2)
export const VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE = flag<'DomainCheckpointCreate'>(4)

export const VIR_DOMAIN_CHECKPOINT_XML_SECURE = flag<'DomainCheckpointXML'>(1)
export const VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN = flag<'DomainCheckpointXML'>(2)
export const VIR_DOMAIN_CHECKPOINT_XML_SIZE = flag<'DomainCheckpointXML'>(4)

export const VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN = flag<'DomainCheckpointDelete'>(1)
export const VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY = flag<'DomainCheckpointDelete'>(2)
export const VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN_ONLY = flag<'DomainCheckpointDelete'>(4)

export const VIR_DOMAIN_JOB_STATS_COMPLETED = flag<'DomainJobStats'>(1)
export const VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED = flag<'DomainJobStats'>(2)

/** virDomainJobType; index = number on the wire. */
export const DOMAIN_JOB_TYPES = ['none', 'bounded', 'unbounded', 'completed', 'failed', 'cancelled'] as const
export type DomainJobType = (typeof DOMAIN_JOB_TYPES)[number]

/** virDomainJobOperation: what a domain job does, VIR_DOMAIN_JOB_OPERATION. */
export const VIR_DOMAIN_JOB_OPERATION_BACKUP = 9
