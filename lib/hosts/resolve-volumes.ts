import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, type Connect } from 'node-libvirt'
import type { VolumeName, XmlDisk } from './domain-xml.ts'
import { attribute, child, childText, parseXml } from './xml.ts'

/** Pools whose volumes are files of one folder: while such a pool is inactive its XML still says where they are. */
const FOLDER_POOLS = ['dir', 'fs', 'netfs']

/**
 * The disks with a path for each one that names a volume, running or off: libvirt tells it in no XML (measured, 11.3). A
 * volume whose pool is gone keeps null. Throws only when the host is lost.
 */
export async function resolveVolumes(connect: Connect, disks: readonly XmlDisk[]): Promise<XmlDisk[]> {
  const known = new Map<string, Promise<string | null>>()
  const pathOf = (volume: VolumeName): Promise<string | null> => {
    const key = `${volume.pool}/${volume.name}`
    const asked = known.get(key) ?? readVolumePath(connect, volume)
    known.set(key, asked)
    return asked
  }
  return Promise.all(
    disks.map(async (disk) => {
      if (disk.volume === null && disk.layers.every((layer) => layer.volume === null)) return disk
      return {
        ...disk,
        path: disk.volume === null ? disk.path : await pathOf(disk.volume),
        layers: await Promise.all(
          disk.layers.map(async (layer) =>
            layer.volume === null ? layer : { ...layer, path: await pathOf(layer.volume) },
          ),
        ),
      }
    }),
  )
}

/** The file of a volume; null when libvirt knows neither it nor its pool. */
async function readVolumePath(
  connect: Connect,
  { pool: poolName, name }: VolumeName,
): Promise<string | null> {
  try {
    const pool = await connect.storagePoolLookupByName(poolName)
    const xml = parseXml(await pool.getXMLDesc(), 'pool')
    const folder = childText(child(xml, 'target'), 'path')
    if (folder !== null && FOLDER_POOLS.includes(attribute(xml, 'type') ?? ''))
      return posix.join(folder, name)
    const volume = parseXml(await (await pool.storageVolLookupByName(name)).getXMLDesc(), 'volume')
    return childText(child(volume, 'target'), 'path')
  } catch (error) {
    if (isLibvirtError(error)) return null
    throw error
  }
}
