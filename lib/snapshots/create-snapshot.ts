import 'server-only'
import { posix } from 'node:path'
import { z } from 'zod'
import { readChainLocks } from '../chains/chain-locks.ts'
import { refuseBusy } from '../hosts/busy.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { stateWords } from '../hosts/state-words.ts'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import { Refusal } from '../jobs/refusal.ts'
import { startJob } from '../jobs/start-job.ts'
import { refusalOf } from '../plans/checks.ts'
import { refuseChangedPlan } from '../plans/fingerprint.ts'
import { asleepRefusal } from './asleep-refusal.ts'
import { createSnapshotSaga } from './create-snapshot-saga.ts'
import { DESCRIPTION_MAX_CHARACTERS, OVERLAY_MIN_FREE_BYTES } from './limits.ts'
import { overlayRefusal } from './overlay-refusal.ts'
import { overlayPath } from './overlay-path.ts'
import { overlayDirectories } from './snapshot-form.ts'
import { readCreatePlan } from './read-create-situation.ts'
import { snapshotNameRefusal } from './snapshot-name.ts'
import { transientCost } from './transient-cost.ts'
import type { SnapshotRequest } from './snapshot-request.ts'

export const CreateSnapshotInput = z.object({
  host: z.string(),
  vm: z.string(),
  name: z.string(),
  description: z
    .string()
    .max(DESCRIPTION_MAX_CHARACTERS, `At most ${DESCRIPTION_MAX_CHARACTERS} characters.`),
  quiesce: z.enum(['auto', 'required', 'off']),
  disks: z.array(z.string()),
  overlayDirectory: z.string().nullable(),
  /** The person was told what a snapshot of a transient VM costs, and wants it. */
  transientConfirmed: z.boolean().optional(),
  fingerprint: z.string(),
  nonce: z.string().min(1),
})
export type CreateSnapshotInput = z.infer<typeof CreateSnapshotInput>

/** Checks everything that can be known beforehand and starts the job. Throws Refusal, HostDown, VmGone; nothing is changed then. */
export async function startCreateSnapshot(
  input: CreateSnapshotInput,
  user: { name: string },
): Promise<{ jobId: string }> {
  const { host, vm } = await requireVm(input.host, input.vm)
  const request = await planSnapshot(host, vm, input)
  // The agent's answer is no part of the fingerprint, and the act asks it itself: one that does not answer takes seconds.
  const plan = await readCreatePlan(host.name, vm.uuid, { ...input, quiesce: 'off' })
  const refused = plan.checks.find((check) => check.name === 'permissions' && check.verdict === 'refused')
  if (refused)
    throw new Refusal(`No overlay can be made. ${refused.sentence} ${refused.remedy ?? ''}`.trim(), {
      overlayDirectory: refused.sentence,
    })
  const refusal = refusalOf(plan.checks)
  const cost = transientCost(vm)
  if (cost !== null && !input.transientConfirmed)
    throw new Refusal(`No snapshot was taken. ${refusal ?? cost}`, { transientConfirmed: cost })
  if (refusal !== null) throw new Refusal(`No snapshot was taken. ${refusal}`)
  refuseChangedPlan(input.fingerprint, plan.fingerprint)
  const locks = await readChainLocks(host, vm)
  return startJob(
    createSnapshotSaga,
    {
      host: host.name,
      vmUuid: vm.uuid,
      vmName: vm.name,
      title: `Take snapshot ${input.name}`,
      nonce: input.nonce,
      locks,
    },
    { host: host.name, vm: vm.uuid, request },
    user,
  )
}

/** The request for libvirt, with every refusal that can be known before. */
export async function planSnapshot(
  host: Host,
  vm: KnownVm,
  input: Omit<CreateSnapshotInput, 'host' | 'vm' | 'nonce' | 'fingerprint'>,
): Promise<SnapshotRequest> {
  const snapshots = await readSnapshots(await host.connection.reader(), vm.uuid)
  const nameRefusal = snapshotNameRefusal(
    input.name,
    snapshots.list.map((snapshot) => snapshot.name),
  )
  if (nameRefusal) throw new Refusal(nameRefusal, { name: nameRefusal })
  if (/[\p{Cs}\uFFFE\uFFFF]|(?![\n\t\r])\p{Cc}/u.test(input.description))
    throw new Refusal('The description must not contain control characters.', {
      description: 'No control characters.',
    })
  const disks = vm.description?.disks ?? []
  const unknown = input.disks.find((target) => !disks.some((disk) => disk.target === target))
  if (unknown !== undefined)
    throw new Refusal(`${vm.name} has no disk ${unknown}. Reload the page: its disks changed.`, {
      disks: 'Reload the page.',
    })
  for (const disk of disks) {
    const refusal = input.disks.includes(disk.target) ? snapshotRefusal(disk) : null
    if (refusal)
      throw new Refusal(`${disk.target} can’t be part of a snapshot. ${refusal}`, { disks: refusal })
  }
  if (input.disks.length === 0)
    throw new Refusal('Nothing is selected: choose at least one disk.', {
      disks: 'Choose at least one disk.',
    })
  await refuseBusy(host, vm, null)
  const asleep = asleepRefusal(vm)
  if (asleep !== null) throw new Refusal(asleep)
  if (!vm.running) await refuseManagedSave(host, vm)
  if (input.quiesce === 'required' && vm.state !== 'running')
    throw new Refusal(
      `Quiesce is required, but ${vm.name} is ${stateWords(vm.state)}: only the agent of a running guest can freeze its file systems.`,
      { quiesce: `The VM is ${stateWords(vm.state)}.` },
    )
  const overlays = await planOverlays(host, vm, input.disks, input.overlayDirectory, input.name)
  return {
    name: input.name,
    description: input.description,
    quiesce: input.quiesce,
    disks: disks.map((disk) => ({ target: disk.target, overlayPath: overlays.get(disk.target) ?? null })),
  }
}

/** A VM that starts from a managed save runs on the base below the overlay and corrupts the snapshot (lib/hosts/LIBVIRT.md, “Snapshots”). */
async function refuseManagedSave(host: Host, vm: KnownVm): Promise<void> {
  const domain = await (await host.connection.reader()).domainLookupByUUID(vm.uuid)
  if (await domain.hasManagedSaveImage())
    throw new Refusal(
      `${vm.name} has a saved state (managed save). Started from it after a snapshot, it would write below the overlay and spoil the snapshot. Start the VM first, or discard the saved state: virsh managedsave-remove.`,
    )
}

async function planOverlays(
  host: Host,
  vm: KnownVm,
  targets: string[],
  directory: string | null,
  name: string,
): Promise<Map<string, string>> {
  if (directory !== null) await checkDirectory(host, vm, directory)
  const overlays = new Map<string, string>()
  // What another tool made within the last second must be seen, too: pages share their look at a folder for that long.
  host.files.forget([])
  for (const disk of vm.description?.disks ?? []) {
    if (!targets.includes(disk.target) || disk.path === null) continue
    const refusal = overlayRefusal(disk, directory, vm.running, name)
    if (refusal)
      throw new Refusal(`${disk.target} can’t be part of this snapshot. ${refusal}`, { disks: refusal })
    const folder = directory ?? posix.dirname(disk.path)
    const path = overlayPath(disk.path, folder, name, disk.target, new Set(overlays.values()))
    const reading = await host.files.read(path, 0)
    if (reading.kind === 'found')
      throw new Refusal(
        `The overlay of ${disk.target} would be ${path}, but that file exists. Take another name, or remove the file if nothing uses it.`,
        { name: 'A file of this name exists already.' },
      )
    overlays.set(disk.target, path)
  }
  for (const folder of new Set([...overlays.values()].map((path) => posix.dirname(path)))) {
    const freeBytes = await host.files.freeBytes(folder)
    if (freeBytes === null)
      throw new Refusal(
        `The folder ${folder} can’t be read by libvirt, so no overlay can be made in it. Does it exist, with permission for libvirt?`,
        { overlayDirectory: 'libvirt can’t read this folder.' },
      )
    if (freeBytes < OVERLAY_MIN_FREE_BYTES * overlays.size)
      throw new Refusal(
        `The file system of ${folder} is full (${freeBytes} bytes free). Free space there, or put the overlays elsewhere.`,
        { overlayDirectory: 'This file system is full.' },
      )
  }
  return overlays
}

async function checkDirectory(host: Host, vm: KnownVm, directory: string): Promise<void> {
  const refuse = (sentence: string) => {
    throw new Refusal(sentence, { overlayDirectory: sentence })
  }
  if (!directory.startsWith('/'))
    refuse(`The folder for overlays must be an absolute path, which “${directory}” is not.`)
  if (/\p{Cc}/u.test(directory)) refuse('The folder for overlays must not contain control characters.')
  const allowed = await overlayDirectories(host, vm)
  if (!allowed.includes(posix.normalize(directory).replace(/(?!^)\/$/, '')))
    refuse(`Overlays may not go to ${directory}. Allowed are: ${allowed.join(', ')}.`)
}
