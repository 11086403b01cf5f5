import { describeNextStart, otherNextStarts } from '../hosts/next-start.ts'
import { found, offer, type Found } from './found.ts'
import { ownerOf, type Survey, type SurveyedVm } from './survey-host.ts'

/** Running VMs whose next start would open other files than those that they write to now. */
export const findNextStarts = (survey: Survey): Found[] => survey.vms.flatMap((vm) => differing(survey, vm))

function differing(survey: Survey, { vm, next }: SurveyedVm): Found[] {
  if (!vm.running || !vm.persistent || vm.description === null || next === null) return []
  const others = otherNextStarts(vm.description, next)
  if (others.length === 0) return []
  const given = {
    id: `next-start-differs ${vm.uuid}`,
    kind: 'next-start-differs' as const,
    severity: 'danger' as const,
    vm: ownerOf(survey, vm),
    sentence: `${vm.name}: ${describeNextStart(others)}`,
    evidence: others.flatMap(({ target, now, next: then }) => [
      { text: `${target} now`, path: now, bytes: null, atMs: null },
      {
        text: then === null ? `${target}: none at the next start` : `${target} at the next start`,
        path: then,
        bytes: null,
        atMs: null,
      },
    ]),
  }
  const disks = others.flatMap(({ target, now, next: then }) => {
    const format = vm.description!.disks.find((disk) => disk.target === target)?.format ?? 'raw'
    return then === null ? [] : [{ target, path: now, format }]
  })
  if (disks.length < others.length)
    return [
      found({
        ...given,
        advice:
          'A disk is missing in the configuration: add it with virsh edit, or virsh attach-disk --config.',
      }),
    ]
  return [
    found(
      {
        ...given,
        advice:
          'If somebody changed the configuration on purpose, leave it: the VM then starts without what it writes now.',
        repair: offer(
          {
            id: given.id,
            label: 'Use the files of now for the next start',
            confirm: null,
            preview: disks.map(
              ({ target, path }) =>
                `The configuration names ${path} as ${target}, as virsh edit ${vm.name} would. Nothing else of it changes, and the VM goes on.`,
            ),
            danger: `What is in ${others.map(({ next: then }) => then).join(', ')} stays there, and ${vm.name} does not open it at its next start.`,
          },
          { others },
        ),
      },
      { act: 'align-next-start', disks },
    ),
  ]
}
