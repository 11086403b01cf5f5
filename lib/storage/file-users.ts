import 'server-only'
import { posix } from 'node:path'
import type { Host } from '../hosts/host.ts'
import { hosts } from '../hosts/registry.ts'
import { isUnreachable } from '../hosts/unreachable.ts'
import { perProcess } from '../server/per-process.ts'
import { recordBacking } from './backing-files.ts'
import { hear, heardAgeMs, keepHeard } from './last-heard.ts'
import { isAlike, seeOtherNames } from './other-names.ts'
import { readHostUses } from './read-host-uses.ts'
import { isSameFile, markOf } from './same-file.ts'
import { isSameFolder } from './same-folder.ts'
import type { AskedFile, FileMark, HostUses, SameFolder, Use, UsedFile } from './types.ts'

/** What was read of a file is shared for a second: two readings of one file that is written to may be so far apart. */
const NEAR_NS = 5e9
/** A disk-only snapshot by another tool raises no event: pages learn of it after this long. */
const KNOWN_MS = 5_000
/** Another host is not waited for longer: one that hangs must not hold up this one's pages and plans. */
const OTHER_WAIT_MS = { known: 1_000, now: 10_000 }
/** What is kept of a host for when it goes down is read anew after this long, if no plan does it before. */
const HEARD_AGE_MS = 10 * 60_000

/** A need that was found; not sure where only an answer that nobody gave could tell the files apart. */
export interface FoundUse extends Use {
  isSure: boolean
  /** As the user's host names the file. */
  path: string
}

export interface FileUsers {
  /** Everything that needs the file, on every host of this Keyframe, under whatever name. Only of paths that were asked for. */
  of(path: string): FoundUse[]
  /** What could not be looked at, a sentence each: it may need any of the files. */
  gaps: string[]
  /** What may lie below files that are not there, a sentence each: it may need any template. */
  doubts: string[]
  /** Hosts of which only what was last known is taken into account, a sentence each. */
  unheard: string[]
  /** Those of them that are up and only slow: their VMs may have changed since. */
  late: string[]
}

/**
 * Who needs these files of a host. 'now' reads every definition anew, for decisions; 'known' takes what the list of VMs knows,
 * for pages. Throws HostDown when the host itself is down; of another one that is down what it last said counts.
 */
export async function readFileUsers(
  host: Host,
  paths: readonly string[],
  age: 'now' | 'known',
): Promise<FileUsers> {
  const [own, ...others] = await Promise.all([
    readUses(host, age),
    ...[...hosts().values()]
      .filter((each) => each !== host && each.connection.uri.startsWith('qemu'))
      .map((each) => readOther(each, age)),
  ])
  const before = await readMarks(host, paths)
  const files = own!.files.map((file) => ({ ...file }))
  const sameFolder = await readSameFolders(host, before, others, age)
  // Pages do without a look at every layer of every VM of every other host.
  const named = age === 'known' ? others : await seeOtherNames(host, before, others, sameFolder)
  await lookAgain(host, files, before)
  const after = await readMarks(host, paths)
  const asked = paths.map((path): AskedFile => ({
    host: host.name,
    path,
    before: before.get(path) ?? null,
    after: after.get(path) ?? null,
  }))
  const all = [{ ...own!, files }, ...named]
  const users = findUsers(asked, all, sameFolder)
  // Under the names that this host has for them, whoever stands on them.
  const sure = paths.map((path) => ({ path, uses: users.of(path).filter((use) => use.isSure) }))
  await recordBacking(host.name, [...files, ...sure])
  return users
}

/** Pure: the needs of each file asked for. */
export function findUsers(
  asked: readonly AskedFile[],
  all: readonly HostUses[],
  sameFolder: SameFolder,
): FileUsers {
  const found = new Map(
    asked.map((file) => [
      file.path,
      all.flatMap(({ host, files }) =>
        files.flatMap((used) => {
          const same = isSameFile(file, host, used, sameFolder)
          return same === false
            ? []
            : used.uses.map((use) => ({ ...use, path: used.path, isSure: same === true }))
        }),
      ),
    ]),
  )
  return {
    of: (path) => found.get(path) ?? [],
    gaps: all.flatMap(({ gaps }) => gaps),
    doubts: all.flatMap(({ doubts }) => doubts ?? []),
    unheard: all.flatMap(({ unheard }) => unheard ?? []),
    late: all.flatMap(({ unheard, isLate }) => (isLate && unheard ? [unheard] : [])),
  }
}

/** What pages show of a host's uses is read once for all of them, until something is told to have changed. */
const known = perProcess(
  'storage/file-users',
  () => new WeakMap<Host, { generation: number; atMs: number; uses: Promise<HostUses> }>(),
)

function readUses(host: Host, age: 'now' | 'known'): Promise<HostUses> {
  if (age === 'now') return readNow(host)
  const { generation } = host.inventory
  const before = known.get(host)
  if (before?.generation === generation && Date.now() - before.atMs < KNOWN_MS) return before.uses
  const uses = readHostUses(host, age)
  known.set(host, { generation, atMs: Date.now(), uses })
  uses.catch(() => known.delete(host))
  return uses
}

/** Kept also when it comes too late for who asked. The list itself is read anew, too: a VM may be younger than its event. */
async function readNow(host: Host): Promise<HostUses> {
  host.inventory.expire()
  const uses = await readHostUses(host, 'now')
  keepHeard(host, uses)
  return uses
}

/** Of one that does not answer in time, what it last said. */
const readOther = (host: Host, age: 'now' | 'known'): Promise<HostUses> =>
  hear(host, readUses(host, age), OTHER_WAIT_MS[age])

/** Reads all that the VMs of the host use from time to time, so that much is known of it when it goes down. */
export function rememberUses(host: Host): void {
  let isReading = false
  host.onLook(() => {
    // Alone it is never stood in for.
    if (isReading || hosts().size < 2 || heardAgeMs(host) < HEARD_AGE_MS) return
    if (!host.connection.uri.startsWith('qemu')) return
    isReading = true
    // What could not be read now is at a later look.
    void readUses(host, 'now')
      .catch(() => undefined)
      .finally(() => {
        isReading = false
      })
  })
}

/**
 * A file that is being written to has another time at each look: those that changed at about the time of one in question are
 * looked at once more, between two looks at that one.
 */
async function lookAgain(
  host: Host,
  files: UsedFile[],
  asked: ReadonlyMap<string, FileMark | null>,
): Promise<void> {
  const isNear = ({ path, mark }: UsedFile) =>
    mark !== null &&
    !asked.has(path) &&
    [...asked.values()].some(
      (each) => each !== null && Math.abs(Number(each.modifiedNs - mark.modifiedNs)) < NEAR_NS,
    )
  const near = files.filter(isNear)
  const marks = await readMarks(
    host,
    near.map(({ path }) => path),
  )
  for (const file of near) file.mark = marks.get(file.path) ?? null
}

async function readMarks(host: Host, paths: readonly string[]): Promise<Map<string, FileMark | null>> {
  const readings = await Promise.all(paths.map((path) => host.files.read(path, 0)))
  return new Map(readings.map((reading) => [reading.path, reading.kind === 'found' ? markOf(reading) : null]))
}

/** Asks only for the folders of files that bear the same name on both hosts, and for decisions of those that look alike. */
async function readSameFolders(
  host: Host,
  asked: ReadonlyMap<string, FileMark | null>,
  others: readonly HostUses[],
  age: 'now' | 'known',
): Promise<SameFolder> {
  const place = (path: string) => ({
    name: posix.basename(path),
    folder: posix.dirname(posix.normalize(path)),
  })
  const mine = [...asked].map(([path, mark]) => ({ ...place(path), mark }))
  const pairs = new Map<string, { folder: string; other: string; otherFolder: string }>()
  for (const { host: other, files } of others)
    for (const { path, mark } of files) {
      const { name, folder: otherFolder } = place(path)
      for (const { folder, ...each } of mine)
        if (each.name === name || (age === 'now' && isAlike(each.mark, mark)))
          pairs.set(JSON.stringify([folder, other, otherFolder]), { folder, other, otherFolder })
    }
  const answers = new Map<string, boolean | undefined>()
  for (const [key, { folder, other, otherFolder }] of pairs)
    answers.set(
      key,
      await isSameFolder({ host, folder }, { host: hosts().get(other)!, folder: otherFolder }).catch(
        (error: unknown) => {
          if (isUnreachable(error)) return undefined
          throw error
        },
      ),
    )
  return (one, two) => answers.get(JSON.stringify([one.folder, two.host, two.folder]))
}
