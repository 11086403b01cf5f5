import 'server-only'
import {
  VIR_DOMAIN_BLOCK_COMMIT_ACTIVE,
  VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES,
  VIR_DOMAIN_BLOCK_COMMIT_RELATIVE,
  VIR_DOMAIN_BLOCK_COPY_REUSE_EXT,
  VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB,
  VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT,
  VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES,
  VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL,
  VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY,
  VIR_DOMAIN_DESTROY_GRACEFUL,
  VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC,
  VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT,
  VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY,
  VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA,
  VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE,
  VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE,
  VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY,
  VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED,
  VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING,
  VIR_DOMAIN_START_AUTODESTROY,
  VIR_DOMAIN_START_PAUSED,
  VIR_STORAGE_POOL_CREATE_WITH_BUILD,
  type CallOptions,
  type Connect,
  type Domain,
  type DomainCheckpoint,
  type DomainSnapshot,
  type StoragePool,
  type StorageVol,
} from 'node-libvirt'
import type { DescribedCall } from '../jobs/step-log.ts'
import { virshCommand } from './virsh-command.ts'

// Each call that a job makes is written down in three forms: libvirt's name of it, virsh's line, and the call itself.
// Here they are made of the same arguments, once, so that a job's story can't say anything but what was done.

/** Options of virsh by the flag that each stands for; null: the flag has no option of its own. */
type Options = readonly (readonly [flag: number, option: string | null])[]

/** virsh's options for these flags. Throws where one has none: its line would do something else. */
function optionsOf(flags: number | readonly number[] | undefined, options: Options): string[] {
  const all = typeof flags === 'number' ? [flags] : (flags ?? [])
  return all.flatMap((flag) => {
    const found = options.find(([each]) => each === flag)
    if (!found) throw new Error(`No option of virsh is known for flag ${flag}`)
    return found[1] === null ? [] : [found[1]]
  })
}

const limitOf = (bytesPerSecond: number): string[] =>
  bytesPerSecond > 0 ? ['--bandwidth', String(bytesPerSecond), '--bytes'] : []

const START: Options = [
  [VIR_DOMAIN_START_PAUSED, '--paused'],
  [VIR_DOMAIN_START_AUTODESTROY, '--autodestroy'],
]
const DESTROY: Options = [[VIR_DOMAIN_DESTROY_GRACEFUL, '--graceful']]
const SNAPSHOT_CREATE: Options = [
  [VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY, '--disk-only'],
  [VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC, '--atomic'],
  [VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE, '--quiesce'],
  [VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA, '--no-metadata'],
  [VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE, '--redefine'],
  [VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT, '--current'],
]
const SNAPSHOT_REVERT: Options = [
  [VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING, '--running'],
  [VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED, '--paused'],
]
const SNAPSHOT_DELETE: Options = [[VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY, '--metadata']]
const CHECKPOINT_DELETE: Options = [[VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY, '--metadata']]
const BLOCK_COMMIT: Options = [
  [VIR_DOMAIN_BLOCK_COMMIT_ACTIVE, '--active'],
  [VIR_DOMAIN_BLOCK_COMMIT_RELATIVE, '--keep-relative'],
  [VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES, null],
]
const BLOCK_COPY: Options = [
  [VIR_DOMAIN_BLOCK_COPY_REUSE_EXT, '--reuse-external'],
  [VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB, '--transient-job'],
]
const BLOCK_JOB_ABORT: Options = [[VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT, '--pivot']]
const BACKUP_BEGIN: Options = [[VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL, '--reuse-external']]

/** A display's password is libvirt's to keep, and nobody's to read on a job's page. */
const withoutPasswords = (xml: string) => xml.replace(/(\spasswd=)('[^']*'|"[^"]*")/g, "$1'…'")

/** virsh takes a number for an id, and what looks like a UUID for one, before it looks at names: such a VM is named by its UUID. */
export const domainWord = ({ name, uuid }: Pick<Domain, 'name' | 'uuid'>): string =>
  /^\s*[+-]?\d+\s*$/.test(name) || name.length === uuid.length ? uuid : name

/** The calls to one VM. */
export class DomainCalls {
  readonly #uri: string
  readonly #domain: Domain
  constructor(uri: string, domain: Domain) {
    this.#uri = uri
    this.#domain = domain
  }

  #call<T>(
    procedure: string,
    [command, ...words]: readonly [string, ...string[]],
    run: () => Promise<T>,
    xml?: string,
  ): DescribedCall<T> {
    const virsh = virshCommand(this.#uri, command, '--domain', domainWord(this.#domain), ...words)
    return { procedure, virsh, run, ...(xml === undefined ? {} : { xml }) }
  }

  create(flags?: Parameters<Domain['create']>[0]): DescribedCall<void> {
    return this.#call('virDomainCreateWithFlags', ['start', ...optionsOf(flags, START)], () =>
      this.#domain.create(flags),
    )
  }

  shutdown(): DescribedCall<void> {
    return this.#call('virDomainShutdownFlags', ['shutdown'], () => this.#domain.shutdown())
  }

  destroy(flags?: Parameters<Domain['destroy']>[0]): DescribedCall<void> {
    return this.#call('virDomainDestroyFlags', ['destroy', ...optionsOf(flags, DESTROY)], () =>
      this.#domain.destroy(flags),
    )
  }

  suspend(): DescribedCall<void> {
    return this.#call('virDomainSuspend', ['suspend'], () => this.#domain.suspend())
  }

  resume(): DescribedCall<void> {
    return this.#call('virDomainResume', ['resume'], () => this.#domain.resume())
  }

  pmWakeup(): DescribedCall<void> {
    return this.#call('virDomainPMWakeup', ['dompmwakeup'], () => this.#domain.pmWakeup())
  }

  fsFreeze(options?: CallOptions): DescribedCall<number> {
    return this.#call('virDomainFSFreeze', ['domfsfreeze'], () => this.#domain.fsFreeze([], options))
  }

  fsThaw(options?: CallOptions): DescribedCall<number> {
    return this.#call('virDomainFSThaw', ['domfsthaw'], () => this.#domain.fsThaw([], options))
  }

  /** Its XML is put on record without passwords, which a redefinition holds. */
  snapshotCreateXML(
    xml: string,
    flags: Parameters<Domain['snapshotCreateXML']>[1],
    options?: CallOptions,
  ): DescribedCall<DomainSnapshot> {
    return this.#call(
      'virDomainSnapshotCreateXML',
      ['snapshot-create', '--xmlfile', 'snapshot.xml', ...optionsOf(flags, SNAPSHOT_CREATE)],
      () => this.#domain.snapshotCreateXML(xml, flags, options),
      withoutPasswords(xml),
    )
  }

  revertToSnapshot(
    snapshot: DomainSnapshot,
    flags?: Parameters<DomainSnapshot['revertTo']>[0],
    options?: CallOptions,
  ): DescribedCall<void> {
    return this.#call(
      'virDomainRevertToSnapshot',
      ['snapshot-revert', '--snapshotname', snapshot.name, ...optionsOf(flags, SNAPSHOT_REVERT)],
      () => snapshot.revertTo(flags, options),
    )
  }

  snapshotDelete(
    snapshot: DomainSnapshot,
    flags?: Parameters<DomainSnapshot['delete']>[0],
    options?: CallOptions,
  ): DescribedCall<void> {
    return this.#call(
      'virDomainSnapshotDelete',
      ['snapshot-delete', '--snapshotname', snapshot.name, ...optionsOf(flags, SNAPSHOT_DELETE)],
      () => snapshot.delete(flags, options),
    )
  }

  checkpointDelete(
    checkpoint: DomainCheckpoint,
    flags?: Parameters<DomainCheckpoint['delete']>[0],
  ): DescribedCall<void> {
    return this.#call(
      'virDomainCheckpointDelete',
      ['checkpoint-delete', '--checkpointname', checkpoint.name, ...optionsOf(flags, CHECKPOINT_DELETE)],
      () => checkpoint.delete(flags),
    )
  }

  /** `bandwidth` in bytes per second, as the BANDWIDTH_BYTES flag says, which is always given. */
  blockCommit(
    disk: string,
    base: string | null,
    top: string | null,
    bandwidth: number,
    flags: readonly Extract<Parameters<Domain['blockCommit']>[4], number>[] = [],
  ): DescribedCall<void> {
    const all = [VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES, ...flags]
    return this.#call(
      'virDomainBlockCommit',
      [
        'blockcommit',
        '--path',
        disk,
        ...(base === null ? [] : ['--base', base]),
        ...(top === null ? [] : ['--top', top]),
        ...optionsOf(all, BLOCK_COMMIT),
        ...limitOf(bandwidth),
      ],
      () => this.#domain.blockCommit(disk, base, top, bandwidth, all),
    )
  }

  /** Pulls what lies above `base` into the active layer, as `virsh blockpull` does; bytes per second. */
  blockRebase(disk: string, base: string | null, bandwidth: number): DescribedCall<void> {
    return this.#call(
      'virDomainBlockRebase',
      ['blockpull', '--path', disk, ...(base === null ? [] : ['--base', base]), ...limitOf(bandwidth)],
      () => this.#domain.blockRebase(disk, base, bandwidth, VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES),
    )
  }

  blockCopy(
    disk: string,
    destXml: string,
    bandwidthBytesPerSecond: number,
    flags: Parameters<Domain['blockCopy']>[3],
  ): DescribedCall<void> {
    return this.#call(
      'virDomainBlockCopy',
      [
        'blockcopy',
        '--path',
        disk,
        '--xml',
        'disk.xml',
        ...optionsOf(flags, BLOCK_COPY),
        ...limitOf(bandwidthBytesPerSecond),
      ],
      () => this.#domain.blockCopy(disk, destXml, { bandwidthBytesPerSecond }, flags),
      destXml,
    )
  }

  /** Ends a block job: without a flag the disk stays as it is, with PIVOT it is switched over. */
  blockJobAbort(disk: string, flag?: Parameters<Domain['blockJobAbort']>[1]): DescribedCall<void> {
    return this.#call(
      'virDomainBlockJobAbort',
      ['blockjob', '--path', disk, ...(flag === undefined ? ['--abort'] : optionsOf(flag, BLOCK_JOB_ABORT))],
      () => this.#domain.blockJobAbort(disk, flag),
    )
  }

  blockJobSetSpeed(disk: string, bytesPerSecond: number): DescribedCall<void> {
    return this.#call(
      'virDomainBlockJobSetSpeed',
      ['blockjob', '--path', disk, '--bandwidth', String(bytesPerSecond), '--bytes'],
      () => this.#domain.blockJobSetSpeed(disk, bytesPerSecond),
    )
  }

  backupBegin(
    backupXml: string,
    checkpointXml: string,
    flags: Parameters<Domain['backupBegin']>[2],
  ): DescribedCall<void> {
    return this.#call(
      'virDomainBackupBegin',
      [
        'backup-begin',
        '--backupxml',
        'backup.xml',
        '--checkpointxml',
        'checkpoint.xml',
        ...optionsOf(flags, BACKUP_BEGIN),
      ],
      () => this.#domain.backupBegin(backupXml, checkpointXml, flags),
      `${backupXml}\n${checkpointXml}`,
    )
  }

  abortJob(): DescribedCall<void> {
    return this.#call('virDomainAbortJob', ['domjobabort'], () => this.#domain.abortJob())
  }
}

/** Starts a transient domain. */
export const createDomain = (
  connect: Connect,
  uri: string,
  xml: string,
  flags: Parameters<Connect['domainCreateXML']>[1],
): DescribedCall<Domain> => ({
  procedure: 'virDomainCreateXML',
  virsh: virshCommand(uri, 'create', '--file', 'domain.xml', ...optionsOf(flags, START)),
  xml,
  run: () => connect.domainCreateXML(xml, flags),
})

/** Defines a VM; its XML is not put on record, for it holds secrets. */
export const defineDomain = (connect: Connect, uri: string, xml: string): DescribedCall<Domain> => ({
  procedure: 'virDomainDefineXML',
  virsh: virshCommand(uri, 'define', '--file', 'domain.xml'),
  run: () => connect.domainDefineXML(xml),
})

/** Starts a transient pool on a directory, and makes the directory. */
export const buildPool = (connect: Connect, uri: string, xml: string): DescribedCall<StoragePool> => ({
  procedure: 'virStoragePoolCreateXML',
  virsh: virshCommand(uri, 'pool-create', '--file', 'pool.xml', '--build'),
  xml,
  run: () => connect.storagePoolCreateXML(xml, VIR_STORAGE_POOL_CREATE_WITH_BUILD),
})

export const createVolume = (pool: StoragePool, uri: string, xml: string): DescribedCall<StorageVol> => ({
  procedure: 'virStorageVolCreateXML',
  virsh: virshCommand(uri, 'vol-create', '--pool', pool.name, '--file', 'volume.xml'),
  xml,
  run: () => pool.storageVolCreateXML(xml),
})

export const deleteVolume = (volume: StorageVol, uri: string): DescribedCall<void> => ({
  procedure: 'virStorageVolDelete',
  virsh: virshCommand(uri, 'vol-delete', '--vol', volume.key),
  run: () => volume.delete(),
})

/** Writes bytes into a volume from its beginning; the file keeps its length. `file`: what they are called in the line. */
export const uploadVolume = (
  volume: StorageVol,
  uri: string,
  bytes: Buffer,
  file: string,
): DescribedCall<void> => ({
  procedure: 'virStorageVolUpload',
  virsh: virshCommand(
    uri,
    'vol-upload',
    '--vol',
    volume.key,
    '--file',
    file,
    '--offset',
    '0',
    '--length',
    String(bytes.length),
  ),
  run: () => volume.upload(0, bytes),
})
