import { isLibvirtError, VIR_ERR_NO_DOMAIN_SNAPSHOT } from './errors.ts'
import { DOMAIN_JOB_TYPES, type DomainJobType } from './flags/backup-flags.ts'
import {
  BLOCK_JOB_TYPES,
  VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES,
  VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES,
  type BlockJobType,
} from './flags/block-flags.ts'
import { DOMAIN_STATES, type DomainState } from './flags/domain-flags.ts'
import { combine, type Flags } from './flags/flag-set.ts'
import { DomainCheckpoint } from './domain-checkpoint.ts'
import { DomainSnapshot } from './domain-snapshot.ts'
import type { CallOptions, RpcClient } from './protocol/rpc-client.ts'
import type { Arguments } from './protocol/programs.ts'
import { typedParams, type TypedParams } from './typed-params.ts'
import { formatUuid } from './uuid.ts'

export interface BlockJobInfo {
  type: BlockJobType
  /** 0 = no limit. */
  bandwidthBytesPerSecond: number
  /** cur and end are QEMU's units of work; end 0 or 1 is no progress (WIRE.md, section 10). */
  cur: number
  end: number
}

/** Of a block copy; what is absent is libvirt's default. */
export interface BlockCopyParams {
  /** 0 = no limit. */
  bandwidthBytesPerSecond?: number
  /** QEMU's unit of copying, a power of two. */
  granularityBytes?: number
  bufferBytes?: number
}

/** A domain job (backup, save, migration) as VIR_DOMAIN_JOB_* fields, e.g. "disk_total". */
export interface DomainJobStats {
  type: DomainJobType
  params: TypedParams
}

export interface FileSystem {
  mountpoint: string
  name: string
  type: string
  /** Targets of the disks it lies on, e.g. ["vda"]. */
  targets: string[]
}

/** virDomain. libvirt looks a domain up by its UUID alone; the name may be stale. */
export class Domain {
  readonly name: string
  readonly uuid: string
  /** -1 when it is not running. */
  readonly id: number
  /** What goes on the wire. */
  readonly reference: Arguments<'DOMAIN_CREATE'>['dom']
  readonly #client: RpcClient
  constructor(client: RpcClient, reference: Arguments<'DOMAIN_CREATE'>['dom']) {
    this.#client = client
    this.reference = reference
    this.name = reference.name
    this.id = reference.id
    this.uuid = formatUuid(reference.uuid)
  }

  async getXMLDesc(flags?: Flags<'DomainXML'>, options?: CallOptions): Promise<string> {
    return (
      await this.#client.call('DOMAIN_GET_XML_DESC', { dom: this.reference, flags: combine(flags) }, options)
    ).xml
  }

  /** Answers while QEMU hangs, too. */
  async getState(options?: CallOptions): Promise<{ state: DomainState; reason: number }> {
    const { state, reason } = await this.#client.call(
      'DOMAIN_GET_STATE',
      { dom: this.reference, flags: 0 },
      options,
    )
    return { state: DOMAIN_STATES[state] ?? 'no state', reason }
  }

  async isPersistent(options?: CallOptions): Promise<boolean> {
    return (
      (await this.#client.call('DOMAIN_IS_PERSISTENT', { dom: this.reference }, options)).persistent === 1
    )
  }

  /** Disks with an I/O error, as `virsh domblkerror`. */
  async getDiskErrors(
    options?: CallOptions,
  ): Promise<{ target: string; error: 'unspecified' | 'no space' }[]> {
    const { errors } = await this.#client.call(
      'DOMAIN_GET_DISK_ERRORS',
      { dom: this.reference, maxerrors: 256, flags: 0 },
      options,
    )
    return errors.map(({ disk, error }) => ({
      target: disk,
      error: error === 2 ? 'no space' : 'unspecified',
    }))
  }

  async create(flags?: Flags<'DomainCreate'>, options?: CallOptions): Promise<void> {
    await this.#client.call(
      'DOMAIN_CREATE_WITH_FLAGS',
      { dom: this.reference, flags: combine(flags) },
      options,
    )
  }

  /** Asks the guest to shut down; returns once asked. */
  async shutdown(flags?: Flags<'DomainShutdown'>, options?: CallOptions): Promise<void> {
    await this.#client.call('DOMAIN_SHUTDOWN_FLAGS', { dom: this.reference, flags: combine(flags) }, options)
  }

  /** Ends QEMU at once, like pulling the plug. */
  async destroy(flags?: Flags<'DomainDestroy'>, options?: CallOptions): Promise<void> {
    await this.#client.call('DOMAIN_DESTROY_FLAGS', { dom: this.reference, flags: combine(flags) }, options)
  }

  async suspend(options?: CallOptions): Promise<void> {
    await this.#client.call('DOMAIN_SUSPEND', { dom: this.reference }, options)
  }

  async resume(options?: CallOptions): Promise<void> {
    await this.#client.call('DOMAIN_RESUME', { dom: this.reference }, options)
  }

  /** Wakes a guest that sleeps by its own power management ("pmsuspended"). */
  async pmWakeup(options?: CallOptions): Promise<void> {
    await this.#client.call('DOMAIN_PM_WAKEUP', { dom: this.reference, flags: 0 }, options)
  }

  async undefine(flags?: Flags<'DomainUndefine'>, options?: CallOptions): Promise<void> {
    await this.#client.call('DOMAIN_UNDEFINE_FLAGS', { dom: this.reference, flags: combine(flags) }, options)
  }

  async hasManagedSaveImage(options?: CallOptions): Promise<boolean> {
    return (
      (await this.#client.call('DOMAIN_HAS_MANAGED_SAVE_IMAGE', { dom: this.reference, flags: 0 }, options))
        .result === 1
    )
  }

  async snapshotCreateXML(
    xml: string,
    flags?: Flags<'DomainSnapshotCreate'>,
    options?: CallOptions,
  ): Promise<DomainSnapshot> {
    const { snap } = await this.#client.call(
      'DOMAIN_SNAPSHOT_CREATE_XML',
      { dom: this.reference, xml_desc: xml, flags: combine(flags) },
      options,
    )
    return new DomainSnapshot(this.#client, snap)
  }

  async listAllSnapshots(options?: CallOptions): Promise<DomainSnapshot[]> {
    const { snapshots } = await this.#client.call(
      'DOMAIN_LIST_ALL_SNAPSHOTS',
      { dom: this.reference, need_results: 1, flags: 0 },
      options,
    )
    return snapshots.map((snapshot) => new DomainSnapshot(this.#client, snapshot))
  }

  async snapshotNum(options?: CallOptions): Promise<number> {
    return (await this.#client.call('DOMAIN_SNAPSHOT_NUM', { dom: this.reference, flags: 0 }, options)).num
  }

  async snapshotLookupByName(name: string, options?: CallOptions): Promise<DomainSnapshot> {
    return new DomainSnapshot(
      this.#client,
      (
        await this.#client.call(
          'DOMAIN_SNAPSHOT_LOOKUP_BY_NAME',
          { dom: this.reference, name, flags: 0 },
          options,
        )
      ).snap,
    )
  }

  /** The current snapshot, or null when there is none. */
  async snapshotCurrent(options?: CallOptions): Promise<DomainSnapshot | null> {
    // Asked first, for libvirtd writes an error to its log when there is none.
    const { result } = await this.#client.call(
      'DOMAIN_HAS_CURRENT_SNAPSHOT',
      { dom: this.reference, flags: 0 },
      options,
    )
    if (result === 0) return null
    try {
      return new DomainSnapshot(
        this.#client,
        (await this.#client.call('DOMAIN_SNAPSHOT_CURRENT', { dom: this.reference, flags: 0 }, options)).snap,
      )
    } catch (error) {
      // It went between the two.
      if (isLibvirtError(error, VIR_ERR_NO_DOMAIN_SNAPSHOT)) return null
      throw error
    }
  }

  /**
   * Begins a commit of `top` into `base`. Layers are file paths or `vda[N]` with N a node index (not a depth);
   * null base = bottom of the chain, null top = the active layer, which needs VIR_DOMAIN_BLOCK_COMMIT_ACTIVE.
   */
  async blockCommit(
    disk: string,
    base: string | null,
    top: string | null,
    bandwidth: number,
    flags?: Flags<'DomainBlockCommit'>,
    options?: CallOptions,
  ): Promise<void> {
    await this.#client.call(
      'DOMAIN_BLOCK_COMMIT',
      { dom: this.reference, disk, base, top, bandwidth: BigInt(bandwidth), flags: combine(flags) },
      options,
    )
  }

  /**
   * Begins to copy a disk, with all below it unless SHALLOW, to what the `<disk>` XML names. Once it is ready the copy is kept in
   * step until blockJobAbort: without PIVOT that ends it with the copy complete and the disk as it was.
   */
  async blockCopy(
    disk: string,
    destXml: string,
    { bandwidthBytesPerSecond = 0, granularityBytes, bufferBytes }: BlockCopyParams,
    flags?: Flags<'DomainBlockCopy'>,
    options?: CallOptions,
  ): Promise<void> {
    // libvirt-domain.h, VIR_DOMAIN_BLOCK_COPY_*: bandwidth and buf-size are unsigned long long, granularity unsigned int.
    const params = [
      ...(bandwidthBytesPerSecond > 0
        ? [{ field: 'bandwidth', value: { type: 'ullong', value: BigInt(bandwidthBytesPerSecond) } } as const]
        : []),
      ...(granularityBytes === undefined
        ? []
        : [{ field: 'granularity', value: { type: 'uint', value: granularityBytes } } as const]),
      ...(bufferBytes === undefined
        ? []
        : [{ field: 'buf-size', value: { type: 'ullong', value: BigInt(bufferBytes) } } as const]),
    ]
    await this.#client.call(
      'DOMAIN_BLOCK_COPY',
      { dom: this.reference, path: disk, destxml: destXml, params, flags: combine(flags) },
      options,
    )
  }

  /** Begins a pull of everything below into the active layer. */
  async blockPull(
    disk: string,
    bandwidth: number,
    flags?: Flags<'DomainBlockPull'>,
    options?: CallOptions,
  ): Promise<void> {
    await this.#client.call(
      'DOMAIN_BLOCK_PULL',
      { dom: this.reference, path: disk, bandwidth: BigInt(bandwidth), flags: combine(flags) },
      options,
    )
  }

  /** Begins a pull of what lies above `base` into the active layer; null = everything, as blockPull. */
  async blockRebase(
    disk: string,
    base: string | null,
    bandwidth: number,
    flags?: Flags<'DomainBlockRebase'>,
    options?: CallOptions,
  ): Promise<void> {
    await this.#client.call(
      'DOMAIN_BLOCK_REBASE',
      { dom: this.reference, path: disk, base, bandwidth: BigInt(bandwidth), flags: combine(flags) },
      options,
    )
  }

  /** Ends a job; with PIVOT it switches the disk to the finished copy or base. */
  async blockJobAbort(
    disk: string,
    flags?: Flags<'DomainBlockJobAbort'>,
    options?: CallOptions,
  ): Promise<void> {
    await this.#client.call(
      'DOMAIN_BLOCK_JOB_ABORT',
      { dom: this.reference, path: disk, flags: combine(flags) },
      options,
    )
  }

  /** 0 takes the limit away. */
  async blockJobSetSpeed(disk: string, bytesPerSecond: number, options?: CallOptions): Promise<void> {
    await this.#client.call(
      'DOMAIN_BLOCK_JOB_SET_SPEED',
      {
        dom: this.reference,
        path: disk,
        bandwidth: BigInt(bytesPerSecond),
        flags: combine(VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES),
      },
      options,
    )
  }

  /** The job of a disk (its target or path), or null when it has none. */
  async getBlockJobInfo(disk: string, options?: CallOptions): Promise<BlockJobInfo | null> {
    const info = await this.#client.call(
      'DOMAIN_GET_BLOCK_JOB_INFO',
      { dom: this.reference, path: disk, flags: combine(VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES) },
      options,
    )
    if (info.found === 0) return null
    return {
      type: BLOCK_JOB_TYPES[info.type] ?? 'unknown',
      bandwidthBytesPerSecond: Number(info.bandwidth),
      cur: Number(info.cur),
      end: Number(info.end),
    }
  }

  /** Bytes of a disk's active layer. */
  async getBlockInfo(
    disk: string,
    options?: CallOptions,
  ): Promise<{ allocationBytes: number; capacityBytes: number; physicalBytes: number }> {
    const info = await this.#client.call(
      'DOMAIN_GET_BLOCK_INFO',
      { dom: this.reference, path: disk, flags: 0 },
      options,
    )
    return {
      allocationBytes: Number(info.allocation),
      capacityBytes: Number(info.capacity),
      physicalBytes: Number(info.physical),
    }
  }

  /** Ids of its I/O threads. One short question to QEMU's monitor (query-iothreads): a VM whose QEMU hangs does not answer it. */
  async getIOThreadIds(options?: CallOptions): Promise<number[]> {
    const { info } = await this.#client.call(
      'DOMAIN_GET_IOTHREAD_INFO',
      { dom: this.reference, flags: 0 },
      options,
    )
    return info.map((thread) => thread.iothread_id)
  }

  /** Number of file systems frozen. */
  async fsFreeze(mountpoints: string[] = [], options?: CallOptions): Promise<number> {
    return (
      await this.#client.call('DOMAIN_FSFREEZE', { dom: this.reference, mountpoints, flags: 0 }, options)
    ).filesystems
  }

  /** Number of file systems thawed; 0 when none was frozen. */
  async fsThaw(mountpoints: string[] = [], options?: CallOptions): Promise<number> {
    return (await this.#client.call('DOMAIN_FSTHAW', { dom: this.reference, mountpoints, flags: 0 }, options))
      .filesystems
  }

  async getFSInfo(options?: CallOptions): Promise<FileSystem[]> {
    const { info } = await this.#client.call('DOMAIN_GET_FSINFO', { dom: this.reference, flags: 0 }, options)
    return info.map((each) => ({
      mountpoint: each.mountpoint,
      name: each.name,
      type: each.fstype,
      targets: each.dev_aliases,
    }))
  }

  /** Seconds that agent calls wait for an answer: -2 for ever, -1 libvirt's default (5 s), 0 not at all. */
  async agentSetResponseTimeout(timeoutSeconds: number, options?: CallOptions): Promise<void> {
    await this.#client.call(
      'DOMAIN_AGENT_SET_RESPONSE_TIMEOUT',
      { dom: this.reference, timeout: timeoutSeconds, flags: 0 },
      options,
    )
  }

  /** A command of the QEMU guest agent, JSON in and out. `timeoutSeconds` as in agentSetResponseTimeout. */
  async qemuAgentCommand(
    command: string,
    timeoutSeconds: number,
    options?: CallOptions,
  ): Promise<string | null> {
    return (
      await this.#client.callQemu(
        'DOMAIN_AGENT_COMMAND',
        { dom: this.reference, cmd: command, timeout: timeoutSeconds, flags: 0 },
        options,
      )
    ).result
  }

  /**
   * Begins a backup of a running domain; with a checkpoint's XML it makes that at the same instant. Returns once begun.
   * One job a domain. There is no bandwidth limit, and it can't quiesce.
   */
  async backupBegin(
    backupXml: string,
    checkpointXml: string | null,
    flags?: Flags<'DomainBackupBegin'>,
    options?: CallOptions,
  ): Promise<void> {
    await this.#client.call(
      'DOMAIN_BACKUP_BEGIN',
      { dom: this.reference, backup_xml: backupXml, checkpoint_xml: checkpointXml, flags: combine(flags) },
      options,
    )
  }

  /** The running backup job. Rejects with VIR_ERR_NO_DOMAIN_BACKUP when there is none. */
  async backupGetXMLDesc(options?: CallOptions): Promise<string> {
    return (await this.#client.call('DOMAIN_BACKUP_GET_XML_DESC', { dom: this.reference, flags: 0 }, options))
      .xml
  }

  /** Needs a running domain whose disks are qcow2, unless REDEFINE. Every other disk must be named with checkpoint='no'. */
  async checkpointCreateXML(
    xml: string,
    flags?: Flags<'DomainCheckpointCreate'>,
    options?: CallOptions,
  ): Promise<DomainCheckpoint> {
    const { checkpoint } = await this.#client.call(
      'DOMAIN_CHECKPOINT_CREATE_XML',
      { dom: this.reference, xml_desc: xml, flags: combine(flags) },
      options,
    )
    return new DomainCheckpoint(this.#client, checkpoint)
  }

  async listAllCheckpoints(options?: CallOptions): Promise<DomainCheckpoint[]> {
    const { checkpoints } = await this.#client.call(
      'DOMAIN_LIST_ALL_CHECKPOINTS',
      { dom: this.reference, need_results: 1, flags: 0 },
      options,
    )
    return checkpoints.map((checkpoint) => new DomainCheckpoint(this.#client, checkpoint))
  }

  async checkpointLookupByName(name: string, options?: CallOptions): Promise<DomainCheckpoint> {
    return new DomainCheckpoint(
      this.#client,
      (
        await this.#client.call(
          'DOMAIN_CHECKPOINT_LOOKUP_BY_NAME',
          { dom: this.reference, name, flags: 0 },
          options,
        )
      ).checkpoint,
    )
  }

  /** The job that runs, or with COMPLETED the last one that ended, which is forgotten by that unless KEEP_COMPLETED. */
  async getJobStats(flags?: Flags<'DomainJobStats'>, options?: CallOptions): Promise<DomainJobStats> {
    const { type, params } = await this.#client.call(
      'DOMAIN_GET_JOB_STATS',
      { dom: this.reference, flags: combine(flags) },
      options,
    )
    return { type: DOMAIN_JOB_TYPES[type] ?? 'none', params: typedParams(params) }
  }

  /** Cancels a domain job (a backup, a save, a migration). */
  async abortJob(options?: CallOptions): Promise<void> {
    await this.#client.call('DOMAIN_ABORT_JOB', { dom: this.reference }, options)
  }
}
