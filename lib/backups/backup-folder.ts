import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, VIR_ERR_NO_STORAGE_VOL, VIR_STORAGE_POOL_CREATE_WITH_BUILD, type Connect, type StoragePool, type StorageVol } from 'node-libvirt'
import { OWN_POOL_PREFIX, ownPoolXml } from '../hosts/image-files.ts'
import { childText, escapeXml, parseXml } from '../hosts/xml.ts'

interface Shared { keyframeBackupFolders?: Map<string, number> }
// Next evaluates this module up to three times in one process (DESIGN.md, section 8).
const shared = globalThis as Shared

/**
 * Runs `act` with the pool of a directory: libvirt's pools are flat, so each directory is reached as one of its own. The one there is
 * is taken; else a transient one is started, with `make` also its directory, and ended when nobody here uses it any more.
 * Rejects with LibvirtError when the directory is not there.
 */
export async function withFolder<T>(connect: Connect, path: string, act: (pool: StoragePool) => Promise<T>, make = false): Promise<T> {
  const users = (shared.keyframeBackupFolders ??= new Map<string, number>())
  const key = `${connect.uri} ${path}`
  users.set(key, (users.get(key) ?? 0) + 1)
  let pool: StoragePool | null = null
  try {
    pool = await openPool(connect, path, make)
    return await act(pool)
  } finally {
    const left = users.get(key)! - 1
    if (left > 0) users.set(key, left)
    else users.delete(key)
    // A pool that is left behind does no harm: it is found by its path, and its files stay in any case.
    if (left === 0 && pool?.name.startsWith(OWN_POOL_PREFIX)) await pool.destroy().catch(() => undefined)
  }
}

async function openPool(connect: Connect, path: string, make: boolean): Promise<StoragePool> {
  try {
    const pool = await connect.storagePoolLookupByTargetPath(path)
    if (!(await pool.getInfo()).active) await pool.create()
    await pool.refresh()
    return pool
  } catch (error) {
    if (!isLibvirtError(error)) throw error
  }
  return connect.storagePoolCreateXML(ownPoolXml(path), make ? VIR_STORAGE_POOL_CREATE_WITH_BUILD : undefined)
}

/** The volume of this name, or null. */
export async function findVolume(pool: StoragePool, name: string): Promise<StorageVol | null> {
  return pool.storageVolLookupByName(name).catch((error: unknown) => { if (isLibvirtError(error, VIR_ERR_NO_STORAGE_VOL)) return null; throw error })
}

/** XML of a qcow2 volume that holds nothing; `backing` relative to its own directory. */
export const imageXml = (name: string, virtualBytes: number, backing: string | null, format = 'qcow2'): string =>
  `<volume><name>${escapeXml(name)}</name><capacity unit='bytes'>${virtualBytes}</capacity><allocation>0</allocation><target><format type='${format}'/></target>${backing === null ? '' : `<backingStore><path>${escapeXml(backing)}</path><format type='qcow2'/></backingStore>`}</volume>`

/** Makes an empty image anew; one of this name is removed first. */
export async function makeImage(pool: StoragePool, name: string, virtualBytes: number, backing: string | null, format = 'qcow2'): Promise<void> {
  await (await findVolume(pool, name))?.delete()
  await pool.storageVolCreateXML(imageXml(name, virtualBytes, backing, format))
}

/** Writes a small file anew. */
export async function putFile(pool: StoragePool, name: string, bytes: Buffer): Promise<void> {
  await (await findVolume(pool, name))?.delete()
  const volume = await pool.storageVolCreateXML(`<volume><name>${escapeXml(name)}</name><capacity unit='bytes'>${bytes.length}</capacity><target><format type='raw'/></target></volume>`)
  await volume.upload(0, bytes)
}

/** A small file whole; null when there is none. Throws an Error when it is longer than `maximumBytes`. */
export async function getFile(pool: StoragePool, name: string, maximumBytes: number): Promise<Buffer | null> {
  const volume = await findVolume(pool, name)
  if (volume === null) return null
  const lengthBytes = await fileBytes(volume)
  if (lengthBytes > maximumBytes) throw new Error(`${name} has ${lengthBytes} bytes, which is more than such a file can have`)
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

/** Removes a directory of a target with the files in it; `first` goes before all others. What is gone already is fine. */
export async function removeFolder(connect: Connect, targetPath: string, name: string, first: string): Promise<void> {
  const inTarget = (pool: StoragePool) => findVolume(pool, name)
  if ((await withFolder(connect, targetPath, inTarget)) === null) return
  await withFolder(connect, posix.join(targetPath, name), async (pool) => {
    await (await findVolume(pool, first))?.delete()
    for (const volume of await pool.listAllVolumes()) await volume.delete()
  })
  await withFolder(connect, targetPath, async (pool) => { await (await inTarget(pool))?.delete() })
}

/** Names of the directories in a directory. */
export async function listFolders(pool: StoragePool): Promise<string[]> {
  const volumes = await pool.listAllVolumes()
  const types = await Promise.all(volumes.map(async (volume) => (await volume.getInfo()).type))
  return volumes.flatMap((volume, index) => (types[index] === 'dir' ? [volume.name] : [])).sort()
}
