/** Values of libvirt 11.3, include/libvirt/libvirt-domain.h. */
import { flag } from './flag-set.ts'

export const VIR_DOMAIN_BLOCK_COMMIT_SHALLOW = flag<'DomainBlockCommit'>(1)
export const VIR_DOMAIN_BLOCK_COMMIT_DELETE = flag<'DomainBlockCommit'>(2)
export const VIR_DOMAIN_BLOCK_COMMIT_ACTIVE = flag<'DomainBlockCommit'>(4)
export const VIR_DOMAIN_BLOCK_COMMIT_RELATIVE = flag<'DomainBlockCommit'>(8)
export const VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES = flag<'DomainBlockCommit'>(16)

export const VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES = flag<'DomainBlockPull'>(64)

export const VIR_DOMAIN_BLOCK_REBASE_RELATIVE = flag<'DomainBlockRebase'>(16)
export const VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES = flag<'DomainBlockRebase'>(64)

export const VIR_DOMAIN_BLOCK_COPY_SHALLOW = flag<'DomainBlockCopy'>(1)
export const VIR_DOMAIN_BLOCK_COPY_REUSE_EXT = flag<'DomainBlockCopy'>(2)
export const VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB = flag<'DomainBlockCopy'>(4)
export const VIR_DOMAIN_BLOCK_COPY_SYNCHRONOUS_WRITES = flag<'DomainBlockCopy'>(8)

export const VIR_DOMAIN_BLOCK_JOB_ABORT_ASYNC = flag<'DomainBlockJobAbort'>(1)
export const VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT = flag<'DomainBlockJobAbort'>(2)

export const VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES = flag<'DomainBlockJobInfo'>(1)
export const VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES = flag<'DomainBlockJobSetSpeed'>(1)

/** virDomainBlockJobType; index = number on the wire. */
export const BLOCK_JOB_TYPES = ['unknown', 'pull', 'copy', 'commit', 'active-commit', 'backup'] as const
export type BlockJobType = (typeof BLOCK_JOB_TYPES)[number]

/** virConnectDomainEventBlockJobStatus. */
export const BLOCK_JOB_STATUSES = ['completed', 'failed', 'canceled', 'ready'] as const
export type BlockJobStatus = (typeof BLOCK_JOB_STATUSES)[number]
