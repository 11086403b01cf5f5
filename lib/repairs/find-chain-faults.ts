import 'server-only'
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { layerProblems } from '../chains/layer-problems.ts'
import { shellWord } from '../hosts/virsh-command.ts'
import { found, offer, type Found } from './found.ts'
import { ownerOf, type Survey, type SurveyedDisk, type SurveyedVm } from './survey-host.ts'
import type { Evidence } from './types.ts'

/** What findFormatFaults tells by itself; the format of the uppermost layer stands in the VM's XML and not in a header. */
const FORMAT_PROBLEMS = ['format-not-recorded', 'format-differs']

/** Chains that are broken, that differ from what QEMU has open, and layers that no snapshot names. */
export function findChainFaults(survey: Survey, users: (path: string) => number): Found[] {
  return survey.vms.flatMap((vm) =>
    vm.disks.flatMap((disk) => [
      ...broken(survey, vm, disk),
      ...differing(survey, vm, disk),
      ...unnamed(survey, vm, disk, users),
    ]),
  )
}

const line = (text: string, path: string | null = null): Evidence => ({ text, path, bytes: null, atMs: null })

function broken(survey: Survey, vm: SurveyedVm, { disk, chain }: SurveyedDisk): Found[] {
  if (!chain) return []
  const problems = chain.layers
    .filter(({ reading }) => reading.path.startsWith('/'))
    .flatMap((layer, index) =>
      layerProblems(layer).filter(
        (problem) =>
          !FORMAT_PROBLEMS.includes(problem.kind) ||
          (index === 0 && problem.kind === 'format-differs' && layer.format === 'qcow2'),
      ),
    )
  const lost = rescueOf(survey, vm, { disk, chain, open: null })
  if (lost) return [lost]
  const loop = chain.end === 'loop' ? ['Its backing files form a loop, so it has no base.'] : []
  return [...problems.map((problem) => problem.sentence), ...loop].map((sentence) =>
    found({
      id: `broken-chain ${vm.vm.uuid}/${disk.target} ${sentence}`,
      kind: 'broken-chain',
      severity: 'danger',
      vm: ownerOf(survey, vm.vm),
      sentence: `${disk.target} of ${vm.vm.name}: ${sentence}`,
      advice:
        'Keyframe can’t bring back what is not there; nothing that it offers touches this chain meanwhile.',
    }),
  )
}

/** A file that is gone while the VM runs: QEMU still has it open, and can copy it. */
function rescueOf(survey: Survey, { vm }: SurveyedVm, { disk, chain }: SurveyedDisk): Found | null {
  const gone = chain?.layers.find(({ reading }) => reading.kind === 'missing')?.reading.path
  if (!vm.running || gone === undefined || disk.path === null || disk.device !== 'disk' || disk.mirror)
    return null
  const extension = posix.extname(disk.path)
  const stem = posix.basename(disk.path, extension)
  const id = `rescue ${vm.uuid}/${disk.target}`
  const format = disk.format ?? 'raw'
  const folder = posix.dirname(disk.path)
  const destination = posix.join(
    folder,
    `${stem}.saved-${hashOf(`${vm.uuid} ${disk.path}`)}.${format === 'raw' ? 'img' : format}`,
  )
  return found(
    {
      id,
      kind: 'broken-chain',
      severity: 'danger',
      vm: ownerOf(survey, vm),
      sentence: `The file ${gone} of ${disk.target} is gone, and only the running ${vm.name} still holds it. Do not stop ${vm.name}: what the file holds would be lost.`,
      evidence: [line('gone', gone)],
      repair: offer(
        {
          id,
          label: `Save ${disk.target} to a new file`,
          confirm: null,
          preview: [
            `QEMU copies ${disk.target}, with all that lies below it, to ${destination} while ${vm.name} goes on, as virsh blockcopy does.`,
            `${vm.name} is switched over to that file (pivot), and so is its next start.`,
          ],
          danger: `As much space as ${disk.target} holds is needed in ${folder}. Snapshots that need ${posix.basename(gone)} can’t be reverted to any more: they can’t now, either.`,
        },
        { gone, path: disk.path, destination },
      ),
    },
    { act: 'rescue-disk', target: disk.target, destination, format },
  )
}

/** So that another file of that name is hardly there. */
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 6)

function differing(survey: Survey, vm: SurveyedVm, { disk, open, chain }: SurveyedDisk): Found[] {
  // While a mirror runs the chain is about to change; its end is looked at.
  if (
    !open ||
    !chain ||
    disk.mirror ||
    survey.host.jobs.jobsOf(vm.vm.uuid).some((job) => job.target === disk.target)
  )
    return []
  const headers = chain.layers.map(({ reading }) => reading.path)
  if (
    headers.length === open.length &&
    headers.every((path, index) => posix.normalize(path) === posix.normalize(open[index]!))
  )
    return []
  const from = open.findIndex((path, index) => open[index + 1] !== headers[index + 1])
  const image = open[Math.max(0, from)]!
  const below = open[from + 1] ?? null
  const format = disk.layers[from + 1]?.format ?? 'qcow2'
  return [
    found({
      id: `chain-differs ${vm.vm.uuid}/${disk.target}`,
      kind: 'chain-differs',
      severity: 'warn',
      vm: ownerOf(survey, vm.vm),
      sentence: `${disk.target} of ${vm.vm.name}: QEMU has ${open.length} ${open.length === 1 ? 'layer' : 'layers'} open, but the image headers lead to ${headers.length === open.length ? 'other files' : `${headers.length}`}. Someone changed a header while the VM ran.`,
      evidence: [
        ...open.map((path) => line('open in QEMU', path)),
        ...headers.map((path) => line('by the headers', path)),
      ],
      advice: `The VM goes on with what it has open; at its next start the headers count, and its disk may show other data. If the headers are right, nothing is to be done. If QEMU is right, shut ${vm.vm.name} down and put the header of ${posix.basename(image)} back before you start it again:`,
      commands: [
        below === null
          ? `qemu-img rebase -u -b '' ${shellWord(image)}`
          : `qemu-img rebase -u -b ${shellWord(below)} -F ${format} ${shellWord(image)}`,
      ],
    }),
  ]
}

function unnamed(
  survey: Survey,
  vm: SurveyedVm,
  { disk, chain }: SurveyedDisk,
  users: (path: string) => number,
): Found[] {
  if (!chain || chain.end !== 'base' || disk.device !== 'disk') return []
  const named = new Set(
    vm.snapshots.flatMap((snapshot) =>
      snapshot.disks.flatMap((each) => (each.frozenPath === null ? [] : [each.frozenPath])),
    ),
  )
  // What another VM reads, too, is a template: it is meant to lie there.
  const layers = chain.layers
    .slice(1)
    .filter(({ reading }) => !named.has(reading.path) && users(reading.path) < 2)
  if (layers.length === 0) return []
  return [
    found({
      id: `unnamed-layers ${vm.vm.uuid}/${disk.target}`,
      kind: 'unnamed-layers',
      severity: 'info',
      vm: ownerOf(survey, vm.vm),
      sentence: `${disk.target} of ${vm.vm.name} lies on ${layers.length === 1 ? 'a layer' : `${layers.length} layers`} that no snapshot names. This may be wanted: a disk made on a template looks like this. So does a snapshot whose metadata was deleted.`,
      evidence: layers.map(({ reading }) => ({
        text: 'no snapshot names it',
        path: reading.path,
        bytes: reading.kind === 'found' ? reading.allocatedBytes : null,
        atMs: reading.kind === 'found' ? reading.modifiedMs : null,
      })),
      actOnVmPage: 'Merge',
      advice:
        layers.length === 1
          ? 'No snapshot leads to this layer. Merge it if you want the chain shorter.'
          : 'No snapshot leads to these layers. Merge them if you want the chain shorter.',
    }),
  ]
}
