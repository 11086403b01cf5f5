import 'server-only'
import { posix } from 'node:path'
import { START_LAYERS_MAXIMUM } from '../hosts/start-depth.ts'
import { flattenPreview } from './flatten-preview.ts'
import { layersToFlatten } from './flatten-plan.ts'
import { found, offer, type Found } from './found.ts'
import { ownerOf, type Survey, type SurveyedDisk, type SurveyedVm } from './survey-host.ts'

/** Chains that libvirt can't start any more, which it says only when one tries. */
export const findDeepChains = (survey: Survey): Found[] =>
  survey.vms.flatMap((vm) => vm.disks.flatMap((disk) => deep(survey, vm, disk)))

function deep(survey: Survey, { vm }: SurveyedVm, { disk, chain }: SurveyedDisk): Found[] {
  const layers = chain?.layers ?? []
  if (layers.length <= START_LAYERS_MAXIMUM) return []
  const whole = layers
    .map(({ reading, format }) => ({
      path: reading.path,
      format: format ?? (reading.kind === 'found' ? reading.detectedFormat : 'raw'),
    }))
    .reverse()
  const paths = whole.map((layer) => layer.path)
  const given = {
    id: `deep-chain ${vm.uuid}/${disk.target}`,
    kind: 'deep-chain' as const,
    severity: vm.running ? ('warn' as const) : ('danger' as const),
    vm: ownerOf(survey, vm),
    sentence: `${disk.target} of ${vm.name} has ${layers.length} layers, and libvirt starts no VM with more than ${START_LAYERS_MAXIMUM}.${vm.running ? ' It runs, but would not start again once it was stopped.' : ' It can’t be started as it is.'}`,
  }
  if (vm.running) return [found({ ...given, actOnVmPage: 'Merge', advice: 'Merge layers while it runs.' })]
  if (chain?.end !== 'base') return [found({ ...given, advice: 'The chain is not whole: that comes first.' })]
  const receivers = layersToFlatten(whole)
  const bytes = layers.reduce(
    (sum, { reading }) => sum + (reading.kind === 'found' ? reading.allocatedBytes : 0),
    0,
  )
  return [
    found(
      {
        ...given,
        evidence: receivers.map(({ path }) => ({ text: 'will stand alone', path, bytes: null, atMs: null })),
        repair: offer(
          {
            id: given.id,
            label: 'Shorten the chain',
            confirm: null,
            preview: flattenPreview(
              receivers.map(({ path }) => path),
              paths.length,
            ),
            danger: `Up to ${bytes} bytes more are needed in ${posix.dirname(receivers[0]!.path)}. The layers below stay as files: snapshots may read them. No data and no restore point is lost.`,
          },
          { paths, running: vm.running },
        ),
      },
      { act: 'flatten', target: disk.target, receivers },
    ),
  ]
}
