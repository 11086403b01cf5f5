import 'server-only'
import { posix } from 'node:path'
import type { ImageFile } from '../hosts/image-files.ts'
import { shellWord } from '../hosts/virsh-command.ts'
import { found, offer, type Found } from './found.ts'
import type { Usage } from './read-usage.ts'
import { readStart } from './read-start.ts'
import { HEADER_READ_BYTES, setBackingFormat } from './set-backing-format.ts'
import { ownerOf, type Survey, type SurveyedVm } from './survey-host.ts'

type Format = 'raw' | 'qcow2'
interface Link {
  vm: SurveyedVm
  layer: ImageFile
  below: ImageFile
}

const QEMU_PROBES =
  'Without it libvirt refuses the chain or QEMU guesses, and what a guest wrote to a raw disk can make that guess wrong.'

/** Overlays whose header has no format of their backing file, or one that the backing file can't have. */
export async function findFormatFaults(survey: Survey, usage: Usage): Promise<Found[]> {
  const known = knownFormats(survey)
  const findings = await Promise.all(
    [...links(survey).values()].map((link) => judge(survey, usage, known, link)),
  )
  return findings.filter((each) => each !== null)
}

/** Every overlay with the file below it, in the chains of all disks and of all snapshots, each once. */
function links(survey: Survey): Map<string, Link> {
  const all = new Map<string, Link>()
  for (const vm of survey.vms) {
    const chains = [
      ...vm.disks.flatMap((each) => (each.chain ? [each.chain] : [])),
      ...vm.snapshots.flatMap((each) => each.chains.map(({ chain }) => chain)),
    ]
    for (const { layers } of chains) {
      for (const [index, { reading: layer, format }] of layers.entries()) {
        const below = layers[index + 1]?.reading
        if (
          layer.kind === 'found' &&
          below?.kind === 'found' &&
          layer.backing &&
          format !== 'raw' &&
          !all.has(layer.path)
        )
          all.set(layer.path, { vm, layer, below })
      }
    }
  }
  return all
}

/** Formats that libvirt's own XML has of files: a disk's and a frozen layer's. Layers below are read from headers, or guessed. */
function knownFormats(survey: Survey): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>()
  const add = (path: string | null, format: string | null) => {
    if (path !== null && format !== null) known.set(path, (known.get(path) ?? new Set()).add(format))
  }
  for (const { disks, snapshots } of survey.vms) {
    for (const { disk } of disks) add(disk.path, disk.format)
    for (const snapshot of snapshots)
      for (const disk of snapshot.disks) add(disk.frozenPath, disk.frozenFormat)
  }
  return known
}

/** What the first bytes say: null for a format that is neither. */
function detected(file: ImageFile): Format | null {
  if (file.header) return 'qcow2'
  return ['raw', 'iso', 'none', 'unknown'].includes(file.detectedFormat) ? 'raw' : null
}

/** What it may cost to record the format that the base begins as. */
function dangerOf(begins: Format, base: string, { proven, missing }: { proven: boolean; missing: boolean }) {
  if (begins === 'qcow2' && !proven)
    return `Only the first bytes of ${base} say that it is qcow2. If it is a raw disk whose guest wrote them, the VM would read other data than before, even files of this host: then don’t.`
  if (begins === 'raw' && !missing)
    return `If ${base} was a qcow2 image whose first bytes were destroyed, the VM would read garbage as its disk: look at the file first.`
  return 'Only the header of the overlay changes; no data of the guest does.'
}

async function judge(
  survey: Survey,
  usage: Usage,
  known: Map<string, Set<string>>,
  { vm: { vm }, layer, below }: Link,
): Promise<Found | null> {
  const recorded = layer.backing!.format
  const begins = detected(below)
  if (
    begins === null ||
    recorded === begins ||
    (recorded !== null && recorded !== 'raw' && recorded !== 'qcow2')
  )
    return null
  const told = known.get(below.path) ?? new Set()
  // A raw disk may hold anything, the first bytes of a qcow2 image, too: recorded as raw, and nobody says otherwise.
  if (recorded === 'raw' && !told.has('qcow2')) return null
  const missing = recorded === null
  const id = `${missing ? 'format-missing' : 'format-wrong'} ${layer.path}`
  const [overlay, base] = [posix.basename(layer.path), posix.basename(below.path)]
  const contradiction =
    told.size > 0 && !told.has(begins)
      ? `libvirt’s own records call ${base} ${[...told].join(' and ')}, but it begins as a ${begins} image does. Find out what it is before you record anything.`
      : null
  const start = await readStart(survey.host, layer.path, HEADER_READ_BYTES)
  const rewrite = setBackingFormat(start, begins)
  const openIn = usage.openBy.get(layer.path) ?? []
  const byHand = `qemu-img rebase -u -b ${shellWord(layer.backing!.name)} -F ${begins} ${shellWord(layer.path)}`
  const refused =
    contradiction ??
    (openIn.length > 0
      ? `${openIn.join(', ')} ${openIn.length === 1 ? 'has' : 'have'} it open: shut ${openIn.length === 1 ? 'it' : 'them'} down first, then check again.`
      : null) ??
    (survey.gaps.length > 0
      ? `It can’t be changed until every file on this host can be read: ${survey.gaps[0]}`
      : null) ??
    ('refusal' in rewrite
      ? `Keyframe can’t change this header, for ${rewrite.refusal}. With all VMs that use it off, on the host:`
      : null)
  const proven = told.has(begins) || (missing && begins === 'raw')
  return found(
    {
      id,
      kind: missing ? 'format-missing' : 'format-wrong',
      severity: 'warn',
      vm: ownerOf(survey, vm),
      sentence: missing
        ? `${overlay}, a layer of ${vm.name}, does not record the format of its backing file ${base}. ${QEMU_PROBES}`
        : `${overlay}, a layer of ${vm.name}, records its backing file ${base} as ${recorded}, but that is ${begins}.`,
      evidence: [
        {
          text: `backing format recorded: ${recorded ?? 'none'}`,
          path: layer.path,
          bytes: layer.allocatedBytes,
          atMs: layer.modifiedMs,
        },
        {
          text: `begins as ${begins}${told.size > 0 ? `, and libvirt calls it ${[...told].join(' and ')}` : ', and libvirt has no word of its own on it'}`,
          path: below.path,
          bytes: below.allocatedBytes,
          atMs: below.modifiedMs,
        },
      ],
      advice: refused,
      commands: refused !== null && contradiction === null ? [byHand] : [],
      repair:
        refused !== null || !('bytes' in rewrite)
          ? null
          : offer(
              {
                id,
                label: `Record ${begins}`,
                confirm: proven ? null : overlay,
                danger: dangerOf(begins, base, { proven, missing }),
                preview: [
                  `${vm.name} and every other VM that uses ${layer.path} must be off; that is asked once more.`,
                  `The first ${rewrite.bytes.length} bytes of ${layer.path}, its header, are written anew with the backing format ${begins}, through libvirt’s storage volume, and read back. The command for it would be: ${byHand}`,
                  `${below.path} is not touched.`,
                ],
              },
              [
                start.toString('base64'),
                layer.lengthBytes,
                below.lengthBytes,
                below.header,
                [...told].sort(),
                begins,
              ],
            ),
    },
    refused === null ? { act: 'set-backing-format', path: layer.path, format: begins } : null,
  )
}
