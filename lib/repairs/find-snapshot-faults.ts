import 'server-only'
import { readTaintedLayers, type TaintedLayer } from '../situation/tainted-layers.ts'
import { domainWord } from '../hosts/described-calls.ts'
import { shellWord } from '../hosts/virsh-command.ts'
import type { MovedLayer } from '../merges/reconcile-snapshots.ts'
import { found, offer, type Found } from './found.ts'
import { ownerOf, type Survey, type SurveyedSnapshot, type SurveyedVm } from './survey-host.ts'
import type { Evidence } from './types.ts'

const deleteLine = (vm: { name: string; uuid: string }, snapshot: string): string =>
  `virsh snapshot-delete --domain ${shellWord(domainWord(vm))} --snapshotname ${shellWord(snapshot)}`

/** libvirt tells creation in whole seconds, and clocks differ: a frozen layer changed later than this was written to again. */
const FROZEN_SLACK_MS = 3_000

/** Snapshots whose files are gone, deletes that were broken off, and merges that were not finished. */
export async function findSnapshotFaults(survey: Survey): Promise<Found[]> {
  const tainted = await readTaintedLayers(survey.host.name)
  return survey.vms.flatMap((vm) => [
    ...vm.snapshots.flatMap((snapshot) => missingFiles(survey, vm, snapshot)),
    ...vm.snapshots.flatMap((snapshot) => unfinishedDelete(survey, vm, snapshot, tainted)),
    ...unfinishedMerges(survey, vm, tainted),
  ])
}

const nothing: Omit<Evidence, 'text'> = { path: null, bytes: null, atMs: null }

function missingFiles(survey: Survey, vm: SurveyedVm, snapshot: SurveyedSnapshot): Found[] {
  const missing = snapshot.chains.flatMap(({ target, chain }) =>
    chain.layers.flatMap(({ reading }) =>
      reading.kind === 'missing' ? [{ target, path: reading.path }] : [],
    ),
  )
  const memory =
    snapshot.memoryMissing && snapshot.memoryPath !== null
      ? [{ target: 'memory', path: snapshot.memoryPath }]
      : []
  const all = [...missing, ...memory]
  if (all.length === 0) return []
  const id = `snapshot-without-files ${vm.vm.uuid}/${snapshot.name}`
  const children = vm.snapshots.filter((each) => each.parent === snapshot.name).map((each) => each.name)
  return [
    found(
      {
        id,
        kind: 'snapshot-without-files',
        severity: 'warn',
        vm: ownerOf(survey, vm.vm),
        sentence: `The snapshot ${snapshot.name} of ${vm.vm.name} is in libvirt’s list, but ${all.length === 1 ? 'a file that it needs is' : 'files that it needs are'} gone, so it can’t be reverted to.`,
        evidence: [
          { ...nothing, text: 'taken', atMs: snapshot.createdAtMs },
          ...all.map(({ target, path }) => ({ ...nothing, text: `${target}: missing`, path })),
        ],
        advice:
          'If you can put the files back, from a backup for example, do that instead: the snapshot is whole again then.',
        repair: offer(
          {
            id,
            label: 'Delete the metadata',
            confirm: null,
            danger: `The restore point ${snapshot.name} leaves the list. No file is touched, and what ${vm.vm.name} holds now stays as it is.`,
            preview: [
              `libvirt’s entry of ${snapshot.name} is deleted, as ${deleteLine(vm.vm, snapshot.name)} --metadata does.`,
              ...(children.length > 0
                ? [
                    `${children.join(', ')} ${children.length === 1 ? 'becomes a child' : 'become children'} of ${snapshot.parent ?? 'no snapshot'}.`,
                  ]
                : []),
              'Its layers that are still there stay where they are.',
            ],
          },
          basisOf(vm, snapshot, all),
        ),
      },
      { act: 'delete-snapshot', snapshot: snapshot.name, metadataOnly: true },
    ),
  ]
}

function adviceByHand(parent: SurveyedSnapshot, children: readonly SurveyedSnapshot[]): string {
  if (children.length === 0)
    return `${parent.name} has no child in libvirt’s list, so there is no delete to repeat. Take the mark out by hand, with virsh snapshot-edit.`
  return `Several snapshots lie below it, and nothing tells which one was being deleted: ${children.map((each) => each.name).join(', ')}. Repeat the delete of the one that you know of.`
}

function unfinishedDelete(
  survey: Survey,
  vm: SurveyedVm,
  parent: SurveyedSnapshot,
  tainted: ReadonlyMap<string, TaintedLayer>,
): Found[] {
  const marked = parent.disks.filter((disk) => disk.deleteInProgress)
  if (marked.length === 0) return []
  const children = vm.snapshots.filter((each) => each.parent === parent.name)
  // The delete merges into what the child froze: of several children it is the one whose frozen layer changed.
  const changed = children.filter((child) =>
    child.chains.some(({ chain }) => {
      const layer = chain.layers[0]?.reading
      return (
        layer?.kind === 'found' &&
        (tainted.has(layer.path) ||
          (layer.modifiedMs !== null && layer.modifiedMs > child.createdAtMs + FROZEN_SLACK_MS))
      )
    }),
  )
  const candidates = children.length === 1 ? children : changed
  const child = candidates.length === 1 ? candidates[0] : undefined
  const id = `delete-unfinished ${vm.vm.uuid}/${parent.name}`
  const merged = child ? mergedWithoutLibvirt(vm, parent, child) : []
  if (child && merged.length > 0) return [mergedAlready(survey, vm, parent, child, merged)]
  const targets = marked.map((disk) => disk.target).join(', ')
  const grandchildren = child ? vm.snapshots.filter((each) => each.parent === child.name) : []
  return [
    found(
      {
        id,
        kind: 'delete-unfinished',
        severity: 'danger',
        vm: ownerOf(survey, vm.vm),
        sentence: `A delete below the snapshot ${parent.name} of ${vm.vm.name} was broken off: libvirt marked ${parent.name}, and ${child ? child.name : 'the half-deleted snapshot'} holds wrong data until the same delete is done again.`,
        evidence: [
          { ...nothing, text: `marked: ${parent.name} (${targets})`, atMs: parent.createdAtMs },
          ...children.map((each) => ({
            ...nothing,
            text: `${each === child ? 'to be deleted again' : 'its child'}: ${each.name}`,
            atMs: each.createdAtMs,
          })),
        ],
        actOnVmPage: child ? null : 'Delete',
        advice: child ? null : adviceByHand(parent, children),
        repair: !child
          ? null
          : offer(
              {
                id,
                label: `Delete ${child.name} again`,
                confirm: null,
                danger: `You can’t revert to ${child.name} afterwards; its data was changed when the delete was broken off, so you can’t now, either. What ${vm.vm.name} holds now stays.`,
                preview: [
                  `The delete of ${child.name} is done again, to its end, as ${deleteLine(vm.vm, child.name)} does.`,
                  ...child.disks
                    .filter((disk) => disk.kind === 'external' && disk.frozenPath !== null)
                    .map(
                      (disk) =>
                        `${disk.target}: the layer above is merged into ${disk.frozenPath} and removed.`,
                    ),
                  ...(grandchildren.length > 0
                    ? [
                        `${grandchildren.map((each) => each.name).join(', ')} ${grandchildren.length === 1 ? 'becomes a child' : 'become children'} of ${parent.name}.`,
                      ]
                    : []),
                  `libvirt then takes the mark off ${parent.name}, which can be reverted to again.`,
                ],
              },
              [basisOf(vm, parent, []), basisOf(vm, child, [])],
            ),
      },
      child ? { act: 'delete-snapshot', snapshot: child.name, metadataOnly: false } : null,
    ),
  ]
}

/**
 * Where QEMU ended the merge of a delete and libvirtd died before it had noted that: QEMU has taken the layer out of its chain
 * and written the header above it, libvirt keeps the layer in its XML (measured on 11.3: the same delete is then refused
 * for good, "not in this backing file chain"). The proof is the header of the overlay that the next snapshot made: a VM that was
 * reverted to the half-deleted snapshot has a chain without the layer, too, and there the merge did not end.
 */
function mergedWithoutLibvirt(
  vm: SurveyedVm,
  parent: SurveyedSnapshot,
  child: SurveyedSnapshot,
): MovedLayer[] {
  const grandchildren = vm.snapshots.filter((each) => each.parent === child.name)
  return parent.disks
    .filter((disk) => disk.deleteInProgress)
    .flatMap(({ target }) => {
      const receiver = child.disks.find((disk) => disk.target === target)
      const above = grandchildren.flatMap((each) => each.disks.filter((disk) => disk.target === target))
      const merged = above[0]?.frozenPath ?? null
      const headers =
        vm.disks
          .find(({ disk }) => disk.target === target)
          ?.chain?.layers.map(({ reading }) => reading.path) ?? []
      if (!receiver?.frozenPath || merged === null || headers.includes(merged)) return []
      const next = headers[headers.indexOf(receiver.frozenPath) - 1]
      if (next === undefined || !above.some((disk) => disk.overlayPath === next)) return []
      return [
        { target, fromPath: merged, toPath: receiver.frozenPath, toFormat: receiver.frozenFormat ?? 'qcow2' },
      ]
    })
}

function mergedAlready(
  survey: Survey,
  vm: SurveyedVm,
  parent: SurveyedSnapshot,
  child: SurveyedSnapshot,
  moves: MovedLayer[],
): Found {
  const id = `delete-unfinished ${vm.vm.uuid}/${parent.name}`
  const grandchildren = vm.snapshots.filter((each) => each.parent === child.name).map((each) => each.name)
  const whole = moves.length === parent.disks.filter((disk) => disk.deleteInProgress).length
  return found(
    {
      id,
      kind: 'delete-unfinished',
      severity: 'danger',
      vm: ownerOf(survey, vm.vm),
      sentence: `The delete of the snapshot ${child.name} of ${vm.vm.name} was broken off in libvirt, but QEMU finished its merge: the data is whole, and libvirt’s list of snapshots and layers is not. libvirt would refuse to repeat the delete.`,
      evidence: moves.flatMap(({ target, fromPath, toPath }) => [
        { ...nothing, text: `${target}: merged, no layer of the chain any more`, path: fromPath },
        { ...nothing, text: `${target}: holds its data now`, path: toPath },
      ]),
      advice: whole
        ? null
        : 'Only some of its disks are merged, which Keyframe can’t put in order: don’t revert to any snapshot of this VM, and take a backup first.',
      repair: !whole
        ? null
        : offer(
            {
              id,
              label: `Finish the delete of ${child.name}`,
              confirm: null,
              danger: `The restore point ${child.name} is gone: its layer was merged into. Only libvirt’s entries change, no file; ${moves.map((move) => move.fromPath).join(', ')} ${moves.length === 1 ? 'stays' : 'stay'} until ${vm.vm.name} was shut down and started again, and can be removed then.`,
              preview: [
                `libvirt’s entry of ${child.name} is deleted, as ${deleteLine(vm.vm, child.name)} --metadata does.`,
                ...moves.flatMap((move) =>
                  grandchildren.map(
                    (name) =>
                      `The entry of ${name} names ${move.toPath} as what it froze of ${move.target}, instead of ${move.fromPath}: the same data, as virsh snapshot-create --redefine does.`,
                  ),
                ),
                `The mark is taken off ${parent.name}, which can be reverted to again.`,
              ],
            },
            [basisOf(vm, parent, moves), basisOf(vm, child, [])],
          ),
    },
    whole ? { act: 'finish-delete', snapshot: child.name, parent: parent.name, grandchildren, moves } : null,
  )
}

/** Keyframe's own records: a root snapshot has no parent that libvirt could mark, and a merge marks nothing at all. */
function unfinishedMerges(
  survey: Survey,
  vm: SurveyedVm,
  tainted: ReadonlyMap<string, TaintedLayer>,
): Found[] {
  const marked = vm.snapshots.some((snapshot) => snapshot.disks.some((disk) => disk.deleteInProgress))
  const paths = new Set(
    [
      ...vm.disks.flatMap(({ chain }) => chain?.layers ?? []),
      ...vm.snapshots.flatMap((each) => each.chains.flatMap(({ chain }) => chain.layers)),
    ].map((layer) => layer.reading.path),
  )
  return [...paths].flatMap((path) => {
    const record = tainted.get(path)
    if (!record || marked || survey.host.jobs.jobsOf(vm.vm.uuid).length > 0) return []
    return [
      found({
        id: `merge-unfinished ${path}`,
        kind: 'merge-unfinished',
        severity: 'danger',
        vm: ownerOf(survey, vm.vm),
        sentence: `${vm.vm.name}: ${record.reason}.`,
        evidence: [{ ...nothing, text: 'changed since', path, atMs: record.sinceMs }],
        actOnVmPage: /delete/i.test(record.reason) ? 'Delete' : 'Merge',
      }),
    ]
  })
}

/** What a repair of a snapshot rests on. */
const basisOf = (
  vm: SurveyedVm,
  { name, parent, createdAtMs, disks, memoryPath }: SurveyedSnapshot,
  missing: unknown,
) => [
  vm.vm.uuid,
  name,
  parent,
  createdAtMs,
  disks,
  memoryPath,
  missing,
  vm.snapshots.filter((each) => each.parent === name).map((each) => each.name),
]
