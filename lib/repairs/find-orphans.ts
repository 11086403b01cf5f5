import 'server-only'
import { posix } from 'node:path'
import type { ImageFile } from '../hosts/image-files.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { describeUse } from '../storage/describe-use.ts'
import { readFileUsers } from '../storage/file-users.ts'
import { readWriters } from '../storage/own-layers.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { shellWord } from '../hosts/virsh-command.ts'
import { found, offer, type Found } from './found.ts'
import { identityOf, type Usage } from './read-usage.ts'
import { readSaveImage, SAVE_READ_BYTES } from './read-save-image.ts'
import { readStart } from './read-start.ts'
import { ownerOf, type Survey } from './survey-host.ts'
import { overlayOrigin, type Origin } from './what-it-was.ts'

/** A file that changed a moment ago may be being made: an overlay stands before libvirt's XML names it. */
export const ORPHAN_MINIMUM_AGE_MS = 60_000
/** Files that nobody uses are read one by one; more of them in a folder are not looked at. */
const FILES_PER_FOLDER_MAXIMUM = 2_000
const READ_AT_ONCE = 4

const ONLY_OWN_HOSTS =
  'Keyframe knows the VMs of its own hosts only: a file on shared storage that a VM of yet another host uses looks unused here, too. So does one that a backup program is reading.'

interface Candidate {
  file: ImageFile
  origin: Origin
  /** Files below it, nearest first. */
  below: string[]
}

/** Overlays and memory files that nothing uses, in the folders listed. `notes` takes what was not looked at. */
export async function findOrphans(
  survey: Survey,
  usage: Usage,
  listings: ReadonlyMap<string, string[]>,
  notes: string[],
): Promise<Found[]> {
  const candidates: Candidate[] = []
  const names = new Map([...usage.users].map(([path, user]) => [posix.basename(path), { path, user }]))
  for (const [folder, listed] of listings) {
    const unused = listed.filter(
      (path) => !usage.users.has(path) && !usage.usedNames.has(posix.basename(path)),
    )
    if (unused.length > FILES_PER_FOLDER_MAXIMUM)
      notes.push(
        `${folder} holds ${unused.length} files that no VM uses; the first ${FILES_PER_FOLDER_MAXIMUM} were looked at.`,
      )
    for (let at = 0; at < Math.min(unused.length, FILES_PER_FOLDER_MAXIMUM); at += READ_AT_ONCE) {
      const read = await Promise.all(
        unused.slice(at, at + READ_AT_ONCE).map((path) => readCandidate(survey, usage, path, notes)),
      )
      candidates.push(...read.filter((each) => each !== null))
    }
  }
  // A VM of another host may need it, or one of this host under another name.
  const users = await readFileUsers(
    survey.host,
    candidates.map(({ file }) => file.path),
    'now',
  )
  const writers = await readWriters(
    survey.host.name,
    candidates.map(({ file }) => file.path),
  )
  const unused = candidates.filter(({ file }) => users.of(file.path).every((use) => !use.isSure))
  return unused.map((candidate) => {
    const above = unused
      .filter((each) => each.below.includes(candidate.file.path))
      .map((each) => each.file.path)
    const twin = names.get(posix.basename(candidate.file.path))
    const [maybe] = users.of(candidate.file.path)
    const gaps = [
      ...survey.gaps,
      ...(maybe ? [`${describeUse(maybe, survey.host.name)} may need it.`] : []),
      ...users.gaps,
      ...users.doubts,
      ...users.late,
    ]
    const left = findLeft(survey, candidate, writers.get(candidate.file.path) ?? [])
    return toFound(survey, candidate, refusal(gaps, above, twin), left)
  })
}

async function readCandidate(
  survey: Survey,
  usage: Usage,
  path: string,
  notes: string[],
): Promise<Candidate | null> {
  const file = await survey.host.files.read(path)
  if (file.kind !== 'found' || (!file.isSaveImage && file.backing === null)) return null
  // One file under two names (a link, a folder mounted twice): libvirt tells no inode.
  if (usage.identities.has(identityOf(file))) return null
  if (file.modifiedMs === null || file.modifiedMs > Date.now() - ORPHAN_MINIMUM_AGE_MS) {
    notes.push(
      `${path} was changed less than a minute ago, so something may be making it just now: look again later.`,
    )
    return null
  }
  if (file.isSaveImage) return { file, origin: await memoryOrigin(survey, path), below: [] }
  const below = (await walkChain(survey.host.files, path, 'qcow2')).layers
    .slice(1)
    .map((layer) => layer.reading.path)
  return { file, origin: overlayOrigin(survey, path, below), below }
}

async function memoryOrigin(survey: Survey, path: string): Promise<Origin> {
  const owner = readSaveImage(await readStart(survey.host, path, SAVE_READ_BYTES))
  if (!owner) return { vm: null, text: null }
  const vm = survey.vms.find((each) => each.vm.uuid === owner.uuid)?.vm
  return {
    vm: vm ? ownerOf(survey, vm) : null,
    text: `memory of ${owner.name}${vm ? '' : `, which this host does not have (${owner.uuid})`}`,
  }
}

/** Why it can't be removed now; null when it can. */
function refusal(
  gaps: readonly string[],
  above: string[],
  twin: { path: string; user: string } | undefined,
): string | null {
  if (gaps.length > 0) return `It can’t be removed until every file on this host can be read: ${gaps[0]}`
  if (twin)
    return `It has the same name as ${twin.path} (${twin.user}): it may be the same file under another path. Compare them on the host before you remove anything.`
  if (above.length > 0)
    return `Remove ${above.map((path) => posix.basename(path)).join(', ')} first: ${above.length === 1 ? 'it reads' : 'they read'} this file.`
  return null
}

/** A VM that wrote to this overlay and is now on a file below it: what it wrote was left behind, not thrown away. */
interface LeftBehind {
  vm: KnownVm
  /** The file that its disk is on now. */
  now: string
}

/**
 * A transient VM that was started again from its first image, a definition of before that was put back. An overlay that
 * a merge emptied looks the same; those that Keyframe saw end are on no record any more (storage/own-layers.ts).
 */
function findLeft(survey: Survey, { below }: Candidate, writers: readonly string[]): LeftBehind | null {
  for (const { vm, disks } of survey.vms) {
    if (!writers.includes(vm.uuid)) continue
    const now = disks.find(
      ({ disk }) => disk.path !== null && !disk.readonly && below.includes(posix.normalize(disk.path)),
    )?.disk.path
    if (now) return { vm, now }
  }
  return null
}

const instant = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** What happened, and what each further write costs. */
function sayLeft(
  { vm, now }: LeftBehind,
  file: ImageFile,
): { sentence: string; advice: string; loss: string } {
  const [name, base] = [posix.basename(file.path), posix.basename(now)]
  return {
    sentence: `${vm.name} ran on ${name}${file.modifiedMs === null ? '' : ` until ${instant(file.modifiedMs)}`} and ${vm.running ? 'was started' : 'is to start'} from ${base}: what was written in between is in ${name} only.`,
    advice: `Each write to ${base} changes what ${name} shows: stop ${vm.name}, copy ${name} with what lies below it (qemu-img convert), then decide which of the two it goes on with.`,
    loss: `It holds what ${vm.name} wrote last, and nothing else does, unless somebody merged it by hand while Keyframe was not running.`,
  }
}

const lossOf = (file: ImageFile): string =>
  file.isSaveImage
    ? 'If it was made with virsh save, it is the only copy of that VM’s memory, and virsh restore needs it.'
    : 'What was written into it is gone for good: no snapshot and no VM of this host reads it.'

function toFound(
  survey: Survey,
  { file, origin, below }: Candidate,
  refused: string | null,
  left: LeftBehind | null,
): Found {
  const said = left && sayLeft(left, file)
  const kind = file.isSaveImage ? 'orphan-memory' : 'orphan-overlay'
  const name = posix.basename(file.path)
  const id = `${kind} ${file.path}`
  const basis = [
    file.lengthBytes,
    file.allocatedBytes,
    file.timestamps,
    file.header,
    below,
    left?.now ?? null,
  ]
  const what = file.isSaveImage ? 'memory file' : 'overlay'
  const loss = said?.loss ?? lossOf(file)
  return found(
    {
      id,
      kind,
      severity: left ? 'danger' : 'warn',
      vm: left ? ownerOf(survey, left.vm) : origin.vm,
      sentence:
        said?.sentence ??
        `${name} is ${file.isSaveImage ? 'a' : 'an'} ${what} that no VM and no snapshot of ${survey.host.name} uses${origin.text === null ? '' : `: ${origin.text}`}.`,
      evidence: [
        {
          text:
            origin.text ??
            (file.isSaveImage ? 'memory of a VM' : `lies on ${below[0] ?? file.backing?.name ?? 'nothing'}`),
          path: file.path,
          bytes: file.allocatedBytes,
          atMs: file.modifiedMs,
        },
        ...below
          .slice(0, 1)
          .map((path) => ({ text: 'its backing file, which stays', path, bytes: null, atMs: null })),
      ],
      // What was left behind is no waste.
      reclaimableBytes: left ? 0 : file.allocatedBytes,
      advice: [said?.advice, refused].filter(Boolean).join(' ') || null,
      repair:
        refused !== null
          ? null
          : offer(
              {
                id,
                label: 'Remove file',
                confirm: name,
                danger: `${loss} ${ONLY_OWN_HOSTS}`,
                preview: [
                  'Every VM and every snapshot of every host is asked once more whether it uses the file; if one does, or the file changed meanwhile, nothing is done.',
                  `The file ${file.path} is removed, as virsh vol-delete --vol ${shellWord(file.path)} does.`,
                  ...(below.length > 0
                    ? [`${below.join(', ')} ${below.length === 1 ? 'is' : 'are'} not touched.`]
                    : []),
                ],
              },
              basis,
            ),
    },
    refused === null ? { act: 'remove-file', path: file.path } : null,
  )
}
