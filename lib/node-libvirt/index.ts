export { Connect, openConnect, type NodeInfo, type OpenOptions } from './connect.ts'
export {
  Domain,
  type BlockCopyParams,
  type BlockJobInfo,
  type DomainJobStats,
  type FileSystem,
} from './domain.ts'
export { DomainCheckpoint } from './domain-checkpoint.ts'
export { DomainSnapshot } from './domain-snapshot.ts'
export { StoragePool, StorageVol } from './storage.ts'
export * from './errors.ts'
export type { DomainEvent, DomainEventType, EventDomain, LifecycleEvent } from './events.ts'
export * from './flags/backup-flags.ts'
export * from './flags/block-flags.ts'
export * from './flags/domain-flags.ts'
export * from './flags/snapshot-flags.ts'
export * from './flags/storage-flags.ts'
export type { Flag, Flags } from './flags/flag-set.ts'
export type { CallOptions } from './protocol/rpc-client.ts'
export type { DownloadStream } from './protocol/stream.ts'
export { numberParam, type TypedParams } from './typed-params.ts'
export { formatUuid, parseUuid } from './uuid.ts'
