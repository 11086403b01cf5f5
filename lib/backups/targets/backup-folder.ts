import 'server-only'
import {
  isLibvirtError,
  VIR_ERR_NO_STORAGE_VOL,
  type Connect,
  type StoragePool,
  type StorageVol,
} from 'node-libvirt'
import { buildPool, createVolume, deleteVolume, uploadVolume } from '../../hosts/described-calls.ts'
import { isBeingMade, OWN_POOL_PREFIX, ownPoolXml } from '../../hosts/image-files.ts'
import { childText, escapeXml, parseXml } from '../../hosts/xml.ts'
import { notLogged, type LogCall } from '../../jobs/step-log.ts'
import { perProcess } from '../../server/per-process.ts'

/** Who uses a directory's pool now, and the opening or ending of it that is under way. */
interface Folder {
  users: number
  turn: Promise<unknown>
}
const folders = perProcess('backups/targets/backup-folder', () => new Map<string, Folder>())

/**
 * Runs `act` with the pool of a directory: libvirt's pools are flat, so each directory is reached as one of its own. The one there is
 * is taken; else a transient one is started, and ended when nobody here uses it any more. With `make`, which records that call, its
 * directory is made, too.
 * Rejects with LibvirtError when the directory is not there.
 */
export async function withFolder<T>(
  connect: Connect,
  path: string,
  act: (pool: StoragePool) => Promise<T>,
  make: LogCall | null = null,
): Promise<T> {
  const key = `${connect.uri} ${path}`
  const folder = folders.get(key) ?? { users: 0, turn: Promise.resolve() }
  folders.set(key, folder)
  folder.users++
  let pool: StoragePool | null = null
  try {
    pool = await inTurn(folder, () => openPool(connect, path, make))
    return await act(pool)
  } finally {
    folder.users--
    const opened = pool
    await inTurn(folder, async () => {
      if (folder.users > 0) return
      // A pool that is left behind does no harm: it is found by its path, and its files stay in any case.
      if (opened?.name.startsWith(OWN_POOL_PREFIX)) await opened.destroy().catch(() => undefined)
      if (folder.users === 0) folders.delete(key)
    })
  }
}

/** Two that open it at once would both start it, and one that ends it would take it from one that just found it. */
function inTurn<T>(folder: Folder, work: () => Promise<T>): Promise<T> {
  const next = folder.turn.then(work)
  folder.turn = next.catch(() => undefined)
  return next
}

async function openPool(connect: Connect, path: string, make: LogCall | null): Promise<StoragePool> {
  const known = await knownPool(connect, path)
  if (known) return known
  try {
    return make
      ? await make(buildPool(connect, connect.uri, ownPoolXml(path)))
      : await connect.storagePoolCreateXML(ownPoolXml(path))
  } catch (error) {
    // A look at images that lie there (lib/hosts) may have started it in this moment.
    const started = isLibvirtError(error) ? await knownPool(connect, path) : null
    if (started === null) throw error
    return started
  }
}

/** The pool there is on a directory, started and read anew; null when there is none that works. */
async function knownPool(connect: Connect, path: string): Promise<StoragePool | null> {
  try {
    const pool = await connect.storagePoolLookupByTargetPath(path)
    if (!(await pool.getInfo()).active) await pool.create()
    await pool.refresh().catch((error: unknown) => {
      if (!isBeingMade(error)) throw error
    })
    return pool
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    return null
  }
}

/** The volume of this name, or null. */
export async function findVolume(pool: StoragePool, name: string): Promise<StorageVol | null> {
  return pool.storageVolLookupByName(name).catch((error: unknown) => {
    if (isLibvirtError(error, VIR_ERR_NO_STORAGE_VOL)) return null
    throw error
  })
}

/** XML of a qcow2 volume that holds nothing; `backing` relative to its own directory. */
export const imageXml = (
  name: string,
  virtualBytes: number,
  backing: string | null,
  format = 'qcow2',
): string =>
  `<volume><name>${escapeXml(name)}</name><capacity unit='bytes'>${virtualBytes}</capacity><allocation>0</allocation><target><format type='${format}'/></target>${backing === null ? '' : `<backingStore><path>${escapeXml(backing)}</path><format type='qcow2'/></backingStore>`}</volume>`

/** What is changed in a directory: each call goes to `call`, which records it. */
export class FolderWriter {
  readonly #uri: string
  readonly #pool: StoragePool
  readonly #call: LogCall
  constructor(connect: Connect, pool: StoragePool, call: LogCall = notLogged) {
    this.#uri = connect.uri
    this.#pool = pool
    this.#call = call
  }

  /** Removes a file or an empty directory, if it exists. */
  async remove(name: string): Promise<void> {
    const volume = await findVolume(this.#pool, name)
    if (volume !== null) await this.#call(deleteVolume(volume, this.#uri))
  }

  /** Makes an empty image; an existing one of this name is replaced. */
  async makeImage(
    name: string,
    virtualBytes: number,
    backing: string | null,
    format = 'qcow2',
  ): Promise<void> {
    await this.remove(name)
    await this.#call(createVolume(this.#pool, this.#uri, imageXml(name, virtualBytes, backing, format)))
  }

  /** Writes a small file; an existing one is replaced. */
  async putFile(name: string, bytes: Buffer): Promise<void> {
    await this.remove(name)
    const volume = await this.#call(createVolume(this.#pool, this.#uri, fileXml(name, bytes.length)))
    await this.#call(uploadVolume(volume, this.#uri, bytes, name))
  }
}

const fileXml = (name: string, bytes: number): string =>
  `<volume><name>${escapeXml(name)}</name><capacity unit='bytes'>${bytes}</capacity><target><format type='raw'/></target></volume>`

/** A small file whole; null when there is none. Throws an Error when it is longer than `maximumBytes`. */
export async function getFile(pool: StoragePool, name: string, maximumBytes: number): Promise<Buffer | null> {
  const volume = await findVolume(pool, name)
  if (volume === null) return null
  const lengthBytes = await fileBytes(volume)
  if (lengthBytes > maximumBytes)
    throw new Error(`${name} has ${lengthBytes} bytes, which is more than such a file can have`)
  return readBytes(volume, 0, lengthBytes)
}

/** Length of the file. */
export async function fileBytes(volume: StorageVol): Promise<number> {
  const xml = parseXml(await volume.getXMLDesc(), 'volume')
  return Number(childText(xml, 'physical') ?? childText(xml, 'capacity') ?? 0)
}

/** Part of a file. */
export async function readBytes(volume: StorageVol, offset: number, lengthBytes: number): Promise<Buffer> {
  // libvirt takes a length of 0 for "to the end".
  if (lengthBytes === 0) return Buffer.alloc(0)
  const chunks: Buffer[] = []
  for await (const chunk of await volume.download(offset, lengthBytes)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Names of the directories in a directory. */
export async function listFolders(pool: StoragePool): Promise<string[]> {
  const volumes = await pool.listAllVolumes()
  const types = await Promise.all(volumes.map(async (volume) => (await volume.getInfo()).type))
  return volumes.flatMap((volume, index) => (types[index] === 'dir' ? [volume.name] : [])).sort()
}
