import { combine, type Flags } from './flags/flag-set.ts'
import type { Arguments } from './protocol/programs.ts'
import type { CallOptions, RpcClient } from './protocol/rpc-client.ts'
import type { DownloadStream } from './protocol/stream.ts'
import { formatUuid } from './uuid.ts'

/** virStorageVolType; index = number on the wire. */
export const STORAGE_VOL_TYPES = ['file', 'block', 'dir', 'network', 'netdir', 'ploop', 'unknown'] as const
export type StorageVolType = (typeof STORAGE_VOL_TYPES)[number]

/** virStoragePool. */
export class StoragePool {
  readonly name: string
  readonly uuid: string
  readonly #client: RpcClient
  readonly #reference: Arguments<'STORAGE_POOL_CREATE'>['pool']
  constructor(client: RpcClient, reference: Arguments<'STORAGE_POOL_CREATE'>['pool']) {
    this.#client = client
    this.#reference = reference
    this.name = reference.name
    this.uuid = formatUuid(reference.uuid)
  }

  async getXMLDesc(options?: CallOptions): Promise<string> {
    return (
      await this.#client.call('STORAGE_POOL_GET_XML_DESC', { pool: this.#reference, flags: 0 }, options)
    ).xml
  }

  /** Bytes of the file system or device behind the pool, as of its last refresh. */
  async getInfo(
    options?: CallOptions,
  ): Promise<{ active: boolean; capacityBytes: number; allocationBytes: number; availableBytes: number }> {
    const info = await this.#client.call('STORAGE_POOL_GET_INFO', { pool: this.#reference }, options)
    return {
      active: info.state === 2,
      capacityBytes: Number(info.capacity),
      allocationBytes: Number(info.allocation),
      availableBytes: Number(info.available),
    }
  }

  /** Reads the folder again: files made by others become known. */
  async refresh(options?: CallOptions): Promise<void> {
    await this.#client.call('STORAGE_POOL_REFRESH', { pool: this.#reference, flags: 0 }, options)
  }

  async create(options?: CallOptions): Promise<void> {
    await this.#client.call('STORAGE_POOL_CREATE', { pool: this.#reference, flags: 0 }, options)
  }

  async destroy(options?: CallOptions): Promise<void> {
    await this.#client.call('STORAGE_POOL_DESTROY', { pool: this.#reference }, options)
  }

  async isPersistent(options?: CallOptions): Promise<boolean> {
    return (
      (await this.#client.call('STORAGE_POOL_IS_PERSISTENT', { pool: this.#reference }, options))
        .persistent === 1
    )
  }

  /** Makes a volume: for a folder's pool a file, or with `<format type='dir'/>` a folder. What is there already is an error. */
  async storageVolCreateXML(
    xml: string,
    flags?: Flags<'StorageVolCreate'>,
    options?: CallOptions,
  ): Promise<StorageVol> {
    return new StorageVol(
      this.#client,
      (
        await this.#client.call(
          'STORAGE_VOL_CREATE_XML',
          { pool: this.#reference, xml, flags: combine(flags) },
          options,
        )
      ).vol,
    )
  }

  async listAllVolumes(options?: CallOptions): Promise<StorageVol[]> {
    const { vols } = await this.#client.call(
      'STORAGE_POOL_LIST_ALL_VOLUMES',
      { pool: this.#reference, need_results: 1, flags: 0 },
      options,
    )
    return vols.map((vol) => new StorageVol(this.#client, vol))
  }

  async storageVolLookupByName(name: string, options?: CallOptions): Promise<StorageVol> {
    return new StorageVol(
      this.#client,
      (await this.#client.call('STORAGE_VOL_LOOKUP_BY_NAME', { pool: this.#reference, name }, options)).vol,
    )
  }
}

/** virStorageVol. */
export class StorageVol {
  readonly name: string
  /** For a file: its path. */
  readonly key: string
  readonly #client: RpcClient
  readonly #reference: Arguments<'STORAGE_VOL_DELETE'>['vol']
  constructor(client: RpcClient, reference: Arguments<'STORAGE_VOL_DELETE'>['vol']) {
    this.#client = client
    this.#reference = reference
    this.name = reference.name
    this.key = reference.key
  }

  /** Reads the file's header anew. */
  async getXMLDesc(options?: CallOptions): Promise<string> {
    return (await this.#client.call('STORAGE_VOL_GET_XML_DESC', { vol: this.#reference, flags: 0 }, options))
      .xml
  }

  /** Bytes as the daemon reads them from the file now; `type` is "file" for an image and "dir" for a folder. */
  async getInfo(
    options?: CallOptions,
  ): Promise<{ type: StorageVolType; capacityBytes: number; allocationBytes: number }> {
    const info = await this.#client.call('STORAGE_VOL_GET_INFO', { vol: this.#reference }, options)
    return {
      type: STORAGE_VOL_TYPES[info.type] ?? 'unknown',
      capacityBytes: Number(info.capacity),
      allocationBytes: Number(info.allocation),
    }
  }

  /** Removes the file, or the folder if it is empty. */
  async delete(options?: CallOptions): Promise<void> {
    await this.#client.call('STORAGE_VOL_DELETE', { vol: this.#reference, flags: 0 }, options)
  }

  /** Bytes of the file from `offset`; `length` 0 = to its end. Needs a read-write connection. */
  download(offset: number, length: number, options?: CallOptions): Promise<DownloadStream> {
    return this.#client.download(
      'STORAGE_VOL_DOWNLOAD',
      { vol: this.#reference, offset: BigInt(offset), length: BigInt(length), flags: 0 },
      options,
    )
  }

  /** Writes bytes into the file from `offset`, and nothing else of it: the file keeps its length. Needs a read-write connection. */
  upload(offset: number, data: Buffer, options?: CallOptions): Promise<void> {
    return this.#client.upload(
      'STORAGE_VOL_UPLOAD',
      { vol: this.#reference, offset: BigInt(offset), length: BigInt(data.length), flags: 0 },
      data,
      options,
    )
  }
}
