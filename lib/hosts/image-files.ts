import 'server-only'
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import {
  isConnectionError,
  isLibvirtError,
  VIR_ERR_NO_STORAGE_POOL,
  VIR_ERR_NO_STORAGE_VOL,
  VIR_ERR_OPERATION_FAILED,
  VIR_ERR_OPERATION_INVALID,
  type Connect,
  type StoragePool,
  type StorageVol,
} from 'node-libvirt'
import { resolveBackingName } from './backing-name.ts'
import { parseSnapshotTable, SNAPSHOT_TABLE_MAX_BYTES, type InternalSnapshot } from './internal-snapshots.ts'
import { headerBytesNeeded, isQcow2, readQcow2Header, type Qcow2Header } from './qcow2-header.ts'
import { attribute, child, childText, escapeXml, parseXml, type XmlElement } from './xml.ts'

/** An image file on a host as its storage volume shows it. Sizes in bytes. */
export interface ImageFile {
  kind: 'found'
  path: string
  /** What the first bytes say: "qcow2", or libvirt's guess; "raw" for everything without a magic. */
  detectedFormat: string
  virtualBytes: number
  /** Blocks held on disk. */
  allocatedBytes: number
  /** Length of the file. */
  lengthBytes: number
  modifiedMs: number | null
  header: Qcow2Header | null
  /** null where libvirt does not tell. */
  permissions: FilePermissions | null
  /** `path` null: no file of this host (nbd, rbd, …). */
  backing: { name: string; path: string | null; format: string | null } | null
  /** Snapshots inside it; names only of what its table tells, of a count that the header has. */
  internalSnapshots: InternalSnapshot[]
  /** Memory of a VM: virsh save, or a snapshot with memory. */
  isSaveImage: boolean
  /** Instants of the file's last changes, to the ns, as libvirt tells them: equal for two names of one file. */
  timestamps: string
}
export interface FilePermissions {
  /** POSIX mode bits. */
  mode: number
  owner: number
  group: number
}
export type ImageReading = ImageFile | { kind: 'missing' | 'unreadable'; path: string; reason: string }

/** Names of the transient pools that Keyframe starts begin so. */
export const OWN_POOL_PREFIX = 'keyframe-'

/** True for libvirt's refusal to read a pool anew in which it is making a volume, which it says in words only. What it makes, it knows. */
export const isBeingMade = (error: unknown): boolean =>
  error instanceof Error && /asynchronous jobs/.test(error.message)

/** What pages read of a file is shared between them for this long (lib/README.md, “Who knows what”). */
const SHARED_MS = 1_000
const FIRST_READ_BYTES = 4_096
const HEADER_MAX_BYTES = 2 * 1024 * 1024
const CACHED_FILES_MAXIMUM = 20_000
/** libvirt's src/qemu/qemu_saveimage.h; the second stands in one that was not finished. */
const SAVE_MAGICS = ['LibvirtQemudSave', 'LibvirtQemudPart']

/** A pool that is ended in the moment of its use is found or started anew; more than that is no chance. */
const POOL_TRIES = 3

/**
 * Reads image files of one host through its storage pools, as libvirt is the only way to a file there.
 * Where a folder has no pool a transient one is started, named keyframe-…; it goes with the daemon.
 */
export class ImageFiles {
  readonly #connect: () => Promise<Connect>
  readonly #readings = new Map<string, { atMs: number; reading: Promise<ImageReading> }>()
  readonly #refreshes = new Map<string, { atMs: number; done: Promise<void> }>()
  /** Of one connection: a pool of a closed one answers no more. */
  readonly #pools = new Map<string, { connect: Connect; pool: Promise<StoragePool> }>()
  constructor(connect: () => Promise<Connect>) {
    this.#connect = connect
  }

  /** A reading at most `maximumAgeMs` old. A file that can't be read is an answer, not an error; only a lost host throws. */
  read(path: string, maximumAgeMs = SHARED_MS): Promise<ImageReading> {
    const known = this.#readings.get(path)
    if (known && Date.now() - known.atMs <= maximumAgeMs) return known.reading
    if (this.#readings.size >= CACHED_FILES_MAXIMUM) this.#readings.clear()
    const reading = this.#whileItIsThere(posix.dirname(path), () => this.#read(path)).catch(
      (error: unknown) => unread(path, error),
    )
    this.#readings.set(path, { atMs: Date.now(), reading })
    reading.catch(() => this.#readings.delete(path))
    return reading
  }

  /** Forgets what was read, of these files or of all: they are about to be, or were, changed. */
  forget(paths?: readonly string[]): void {
    if (paths) for (const path of paths) this.#readings.delete(path)
    else this.#readings.clear()
    this.#refreshes.clear()
  }

  /** Bytes free on the file system of a folder; null where libvirt can't tell. */
  async freeBytes(folder: string): Promise<number | null> {
    try {
      return await this.#whileItIsThere(folder, async () => {
        const pool = await this.pool(folder)
        await this.#refresh(folder, pool)
        return (await pool.getInfo()).availableBytes
      })
    } catch (error) {
      if (isConnectionError(error)) throw error
      return null
    }
  }

  /** Who may write to a folder; null where libvirt can't tell. */
  async folderPermissions(folder: string): Promise<FilePermissions | null> {
    try {
      return await this.#whileItIsThere(folder, async () => {
        const pool = await this.pool(folder)
        await this.#refresh(folder, pool)
        return permissionsOf(child(parseXml(await pool.getXMLDesc(), 'pool'), 'target'))
      })
    } catch (error) {
      if (isConnectionError(error)) throw error
      return null
    }
  }

  /** The volume of a file. Rejects with LibvirtError when there is none. */
  volume(path: string): Promise<StorageVol> {
    const folder = posix.dirname(path)
    return this.#whileItIsThere(folder, () => this.#volume(folder, path))
  }

  async #volume(folder: string, path: string): Promise<StorageVol> {
    const pool = await this.pool(folder)
    try {
      return await pool.storageVolLookupByName(posix.basename(path))
    } catch (error) {
      if (!isLibvirtError(error)) throw error
      // Made by someone else since the pool was read last, by a snapshot for example.
      await this.#refresh(folder, pool)
      return pool.storageVolLookupByName(posix.basename(path))
    }
  }

  /**
   * Runs `work` on a folder's pool, and again when somebody ended or started the pool in that moment: those of backups are ended by who used them last
   * (lib/backups/targets/backup-folder.ts), and a folder that holds images may hold restored ones.
   */
  async #whileItIsThere<T>(folder: string, work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work()
      } catch (error) {
        if (!isOtherPool(error) || tries >= POOL_TRIES) throw error
        this.#pools.delete(folder)
        this.#refreshes.delete(folder)
      }
    }
  }

  /** The active pool of a folder, started if needed. */
  async pool(folder: string): Promise<StoragePool> {
    const connect = await this.#connect()
    const known = this.#pools.get(folder)
    if (known?.connect === connect) {
      const pool = await known.pool.catch(() => null)
      if (
        pool &&
        (
          await pool.getInfo().catch((error: unknown) => {
            if (isConnectionError(error)) throw error
            return null
          })
        )?.active
      )
        return pool
    }
    const pool = findPool(connect, folder)
    this.#pools.set(folder, { connect, pool })
    return pool
  }

  #refresh(folder: string, pool: StoragePool): Promise<void> {
    const last = this.#refreshes.get(folder)
    if (last && Date.now() - last.atMs < SHARED_MS) return last.done
    const done = pool.refresh().catch((error: unknown) => {
      if (!isBeingMade(error)) throw error
    })
    this.#refreshes.set(folder, { atMs: Date.now(), done })
    done.catch(() => this.#refreshes.delete(folder))
    return done
  }

  /** Paths of all volumes of a folder as it is now. Rejects with LibvirtError when it can't be listed. */
  async list(folder: string): Promise<string[]> {
    const pool = await this.pool(folder)
    this.#refreshes.delete(folder)
    await this.#refresh(folder, pool)
    return (await pool.listAllVolumes()).map((volume) => posix.join(folder, volume.name)).sort()
  }

  /**
   * The volumes of a folder that stand on another file, each with that file's path, as libvirt saw them when it last looked at the
   * folder, a moment ago. null where it can't be listed: libvirt itself refuses more than 16,384 volumes, and `maximum` is the most
   * that are looked at here. Rejects only when the host is lost.
   */
  async overlays(folder: string, maximum: number): Promise<Map<string, string> | null> {
    try {
      const pool = await this.pool(folder)
      await this.#refresh(folder, pool)
      const volumes = await pool.listAllVolumes()
      if (volumes.length > maximum) return null
      const found = new Map<string, string>()
      await Promise.all(
        volumes.map(async (volume) => {
          const xml = await volume.getXMLDesc().catch((error: unknown) => {
            if (isConnectionError(error)) throw error
            return null
          })
          const below =
            xml === null ? null : childText(child(parseXml(xml, 'volume'), 'backingStore'), 'path')
          if (below?.startsWith('/')) found.set(posix.join(folder, volume.name), posix.normalize(below))
        }),
      )
      return found
    } catch (error) {
      if (isConnectionError(error)) throw error
      return null
    }
  }

  /** The same, but it also rejects when libvirt refuses to rescan the folder: an older list does not prove that a file is missing. */
  async listAnew(folder: string): Promise<string[]> {
    const pool = await this.pool(folder)
    await pool.refresh()
    return (await pool.listAllVolumes()).map((volume) => posix.join(folder, volume.name)).sort()
  }

  async #read(path: string): Promise<ImageReading> {
    if (!path.startsWith('/'))
      return { kind: 'unreadable', path, reason: `${path} is not a file of this host` }
    let volume: StorageVol
    try {
      volume = await this.#volume(posix.dirname(path), path)
    } catch (error) {
      if (isOtherPool(error)) throw error
      return unread(path, error)
    }
    try {
      const xml = parseXml(await volume.getXMLDesc(), 'volume')
      const target = child(xml, 'target')
      const start = await this.#firstBytes(volume)
      const header = isQcow2(start) ? readQcow2Header(start) : null
      const bytes = (name: string) => Number(childText(xml, name) ?? 0)
      const timestamps = child(target, 'timestamps')
      const modified = childText(timestamps, 'mtime')
      return {
        kind: 'found',
        path,
        header,
        detectedFormat: header ? 'qcow2' : libvirtsGuess(attribute(child(target, 'format'), 'type')),
        virtualBytes: header?.virtualBytes ?? bytes('capacity'),
        allocatedBytes: bytes('allocation'),
        lengthBytes: Number(childText(xml, 'physical') ?? childText(xml, 'capacity') ?? 0),
        permissions: permissionsOf(target),
        modifiedMs: modified === null ? null : Math.round(Number(modified) * 1000),
        backing: header?.backingFile
          ? {
              name: header.backingFile,
              path: resolveBackingName(header.backingFile, path),
              format: header.backingFormat,
            }
          : null,
        internalSnapshots: header ? await readInternal(volume, header) : [],
        isSaveImage: SAVE_MAGICS.some(
          (magic) => start.subarray(0, magic.length).toString('latin1') === magic,
        ),
        timestamps: `${modified} ${childText(timestamps, 'ctime')} ${childText(timestamps, 'btime')}`,
      }
    } catch (error) {
      if (isOtherPool(error)) throw error
      return unread(path, error)
    }
  }

  async #firstBytes(volume: StorageVol): Promise<Buffer> {
    const first = await download(volume, FIRST_READ_BYTES)
    if (!isQcow2(first)) return first
    const needed = headerBytesNeeded(first)
    return needed <= first.length || needed > HEADER_MAX_BYTES ? first : download(volume, needed)
  }
}

function permissionsOf(target: XmlElement | undefined): FilePermissions | null {
  const permissions = child(target, 'permissions')
  const mode = childText(permissions, 'mode')
  return mode === null
    ? null
    : {
        mode: Number.parseInt(mode, 8),
        owner: Number(childText(permissions, 'owner')),
        group: Number(childText(permissions, 'group')),
      }
}

/** The pool there is on a folder, started if needed; else a transient one. */
async function findPool(connect: Connect, folder: string): Promise<StoragePool> {
  const pool = await connect.storagePoolLookupByTargetPath(folder).catch((error: unknown) => {
    if (isLibvirtError(error)) return null
    throw error
  })
  if (pool) return started(pool)
  return connect.storagePoolCreateXML(ownPoolXml(folder)).catch(async (error: unknown) => {
    // libvirt finds only active pools by their folder, but lets no second one on the folder of an inactive one (measured).
    const inactive = await findInactivePool(connect, folder)
    if (inactive === null) throw error
    return started(inactive)
  })
}

async function started(pool: StoragePool): Promise<StoragePool> {
  const isActive = async () => (await pool.getInfo()).active
  // Right after libvirtd's start it may start the pool itself in this moment.
  if (!(await isActive()))
    await pool.create().catch(async (error: unknown) => {
      if (!(await isActive())) throw error
    })
  return pool
}

async function findInactivePool(connect: Connect, folder: string): Promise<StoragePool | null> {
  for (const pool of await connect.listAllStoragePools()) {
    const target = childText(child(parseXml(await pool.getXMLDesc(), 'pool'), 'target'), 'path')
    if (target !== null && posix.resolve(target) === posix.resolve(folder)) return pool
  }
  return null
}

/** Somebody ended or started a pool in the moment of its use. */
const isOtherPool = (error: unknown): boolean =>
  isLibvirtError(error, VIR_ERR_NO_STORAGE_POOL) ||
  (isLibvirtError(error, VIR_ERR_OPERATION_FAILED) && /already exists/.test(error.message)) ||
  // libvirt ends a pool before it forgets it.
  (isLibvirtError(error, VIR_ERR_OPERATION_INVALID) && /is not active/.test(error.message))

/** A transient pool of Keyframe's own on a folder. */
export function ownPoolXml(folder: string): string {
  const name = `${OWN_POOL_PREFIX}${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`
  return `<pool type='dir'><name>${name}</name><target><path>${escapeXml(folder)}</path></target></pool>`
}

/** libvirt keeps its guess of a file that was replaced; the first bytes have just told that it is no qcow2. */
const libvirtsGuess = (format: string | null): string =>
  format === null || format === 'qcow2' ? 'raw' : format

/** A table that can't be read whole still tells how many there are: those without a name count as well. */
async function readInternal(volume: StorageVol, header: Qcow2Header): Promise<InternalSnapshot[]> {
  if (header.internalSnapshots === 0) return []
  const table = await download(volume, SNAPSHOT_TABLE_MAX_BYTES, header.snapshotTableBytes)
  const named = parseSnapshotTable(table, header.internalSnapshots)
  const unread = Array.from({ length: header.internalSnapshots - named.length }, (_, index) => ({
    id: '',
    name: `number ${named.length + index + 1}`,
    createdAtMs: 0,
    memoryBytes: 0,
    vmClockMs: 0,
    icount: null,
    l1OffsetBytes: 0,
    l1Entries: 0,
  }))
  return [...named, ...unread]
}

/** Bytes of a volume, fewer where it ends before. Rejects with LibvirtError. */
export async function download(volume: StorageVol, lengthBytes: number, offsetBytes = 0): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await volume.download(offsetBytes, lengthBytes)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Missing is only what libvirt has looked for: right after its start it knows no pool yet, and that says nothing of a file. */
function unread(path: string, error: unknown): ImageReading {
  if (isConnectionError(error)) throw error
  const message = error instanceof Error ? error.message : String(error)
  // virStorageFileGetMetadata and open() report errno 2 and 13 in words only.
  if (/permission denied/i.test(message))
    return { kind: 'unreadable', path, reason: `libvirt may not read ${path}: ${message}` }
  if (isLibvirtError(error, VIR_ERR_NO_STORAGE_VOL) || /no such file/i.test(message))
    return { kind: 'missing', path, reason: `there is no file ${path} on the host (libvirt: ${message})` }
  return { kind: 'unreadable', path, reason: `${path} can't be read: ${message}` }
}
