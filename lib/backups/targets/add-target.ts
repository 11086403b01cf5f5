import 'server-only'
import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { isLibvirtError, type Connect } from 'node-libvirt'
import { z } from 'zod'
import { requireHost } from '../../hosts/find-vm.ts'
import { attribute, child, childText, parseXml } from '../../hosts/xml.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { publish } from '../../live/hub.ts'
import { store } from '../../store/store.ts'
import { FolderWriter, withFolder } from './backup-folder.ts'
import { markerOf, MARKER_FILE, readMarker } from './look-at-target.ts'
import { rebuildCatalogue } from '../catalogue/rebuild-catalogue.ts'
import { listTargets, requireTarget, type Target } from './targets.ts'

/** Directories of the system: nothing of ours belongs there. */
const FORBIDDEN = [
  '/',
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib64',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  '/tmp',
  '/usr',
  '/var',
  '/var/lib',
  '/var/lib/libvirt',
  '/home',
  '/mnt',
  '/media',
  '/opt',
  '/srv',
]
const BENEATH_FORBIDDEN = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib64',
  '/proc',
  '/sbin',
  '/sys',
  '/usr',
]
const POOL_TYPES = ['dir', 'fs', 'netfs']
export const QUOTA_MINIMUM_BYTES = 1024 * 1024
const NAME_MAX_CHARACTERS = 80

export const AddTargetInput = z.object({
  host: z.string(),
  name: z
    .string()
    .trim()
    .min(1, 'Give the target a name.')
    .max(NAME_MAX_CHARACTERS, `At most ${NAME_MAX_CHARACTERS} characters.`)
    .regex(/^[^\p{C}]*$/u, 'No control characters.'),
  /** An absolute path, or the name of a pool. */
  place: z.string().min(1, 'Name a directory of the hypervisor, or one of its pools.').max(1_000),
  quotaBytes: z
    .int('The quota must be a whole number of bytes.')
    .min(QUOTA_MINIMUM_BYTES, 'The quota is too small.')
    .nullable(),
})

/**
 * Adds a directory (or the one of a pool) as a target for backups, once it is seen that libvirt can write there. One that was a target
 * before keeps its id, and its backups are found again. Throws Refusal; nothing but the marker file is written.
 */
export async function addTarget(input: z.infer<typeof AddTargetInput>): Promise<Target> {
  const host = requireHost(input.host)
  const others = await listTargets(input.host)
  if (others.some((each) => each.name === input.name))
    throw new Refusal(`${input.host} has a target called ${input.name} already.`, {
      name: 'This name is in use.',
    })
  const id = await host.connection.operate(async (connect) => {
    const path = await placeToPath(connect, input.place)
    refusePath(path, others)
    const user = (await host.inventory.vms()).find((vm) =>
      vm.description?.disks.some(
        (disk) => disk.path?.startsWith('/') && disk.device === 'disk' && posix.dirname(disk.path) === path,
      ),
    )
    if (user)
      throw new Refusal(
        `${path} holds disks of ${user.name}. Backups belong in a directory of their own, best on another disk.`,
        { place: 'It holds disks of VMs.' },
      )
    const marker = await mark(connect, path)
    await store()
      .insertInto('backup_targets')
      .values({
        id: marker,
        host: input.host,
        name: input.name,
        path,
        quota_bytes: input.quotaBytes,
        created_at_ms: Date.now(),
      })
      .execute()
    return marker
  })
  await rebuildCatalogue(id)
  publish({ type: 'backups', host: input.host, vmUuid: null })
  return requireTarget(id)
}

async function placeToPath(connect: Connect, place: string): Promise<string> {
  if (place.startsWith('/')) return posix.normalize(place).replace(/(?!^)\/$/, '')
  try {
    const xml = parseXml(await (await connect.storagePoolLookupByName(place)).getXMLDesc(), 'pool')
    const path = childText(child(xml, 'target'), 'path')
    if (!POOL_TYPES.includes(attribute(xml, 'type') ?? '') || path === null)
      throw new Refusal(
        `The pool ${place} is not one of files (${POOL_TYPES.join(', ')}), so no backup can go there.`,
        { place: 'Not a pool of files.' },
      )
    return path
  } catch (error) {
    if (isLibvirtError(error))
      throw new Refusal(
        `The hypervisor has no pool called “${place}”. Give the name of one, or a directory as an absolute path (/…).`,
        { place: 'No such pool, and no absolute path.' },
      )
    throw error
  }
}

function refusePath(path: string, others: readonly Target[]): void {
  const refuse = (sentence: string) => {
    throw new Refusal(sentence, { place: sentence })
  }
  if (/[\p{C}]/u.test(path)) refuse('The path must not contain control characters.')
  if (FORBIDDEN.includes(path) || BENEATH_FORBIDDEN.some((each) => path.startsWith(`${each}/`)))
    refuse(`${path} belongs to the system: make a directory for backups of its own.`)
  for (const other of others) {
    if (other.path === path) refuse(`${path} is the target ${other.name} already.`)
    if (path.startsWith(`${other.path}/`) || other.path.startsWith(`${path}/`))
      refuse(`${path} and the target ${other.name} (${other.path}) would lie one inside the other.`)
  }
}

/** Writes the marker, which shows that libvirt may write there; or takes the id of the one there is, after writing it anew. */
async function mark(connect: Connect, path: string): Promise<string> {
  try {
    return await withFolder(connect, path, async (pool) => {
      const id = (await readMarker(pool)) ?? randomUUID()
      if (await store().selectFrom('backup_targets').select('id').where('id', '=', id).executeTakeFirst())
        throw new Refusal(`${path} is a target already, under another host or path. Remove that one first.`)
      await new FolderWriter(connect, pool).putFile(MARKER_FILE, markerOf(id))
      return id
    })
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    const why = whyUnusable(error.message)
    throw new Refusal(`${path} can’t be a target: ${why} (${error.message}).`, {
      place: `${why[0]!.toUpperCase()}${why.slice(1)}.`,
    })
  }
}

function whyUnusable(message: string): string {
  if (/read-only|permission denied/i.test(message)) return 'libvirt may not write there'
  if (/no such file|cannot open/i.test(message))
    return 'there is no such directory, or libvirt may not enter it'
  return 'libvirt can’t use it'
}
