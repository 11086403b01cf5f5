import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { requireVm } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { getFile, withFolder } from '../targets/backup-folder.ts'
import { folderOf, listBackups, type Backup } from '../catalogue/catalogue.ts'
import { byId, walkDown, type Chain } from '../catalogue/chain-of.ts'
import { chooseDisks } from '../choose-disks.ts'
import { decideKind, type Kind, type Parent } from './decide-kind.ts'
import { freeBytesOf, spaceRefusal } from '../targets/look-at-target.ts'
import { MANIFEST_FILE, MANIFEST_MAX_BYTES, readManifest } from '../catalogue/manifest.ts'
import { readOwnCheckpoints } from './own-checkpoints.ts'
import type { PushJob } from './push-job.ts'
import { requireTarget, type Target } from '../targets/targets.ts'
import type { ChosenDisk } from '../types.ts'

export interface PushPlan {
  kind: Kind
  disks: (ChosenDisk & { file: string; backing: string | null })[]
}

/** What a push backup writes: its whole disks, or what changed since its parent. `fullBecause`: why it must be a full all the same. Throws Refusal. */
export async function planPush(input: PushJob, fullBecause: string | null): Promise<PushPlan> {
  const { host, vm } = await requireVm(input.host, input.vm)
  if (!vm.running)
    throw new Refusal(
      `${vm.name} is ${vm.state}: QEMU keeps its record of changes, and pushes them, only while it runs. Nothing was done.`,
    )
  const target = await requireTarget(input.targetId)
  const freeBytes = await freeBytesOf(host, target)
  const { disks } = await chooseDisks(
    host,
    vm,
    input.disks.map((disk) => disk.target),
  )
  const before = (await listBackups({ targetId: target.id, vmUuid: vm.uuid })).filter(
    (backup) => backup.manifest.checkpoint !== null,
  )
  const parent = before.at(-1)
  const kind: Kind =
    fullBecause !== null
      ? { kind: 'full', reason: fullBecause }
      : decideKind({
          parent: parent ? await asParent(host, target, parent, before) : null,
          checkpoints: await host.connection.operate(async (connect) =>
            readOwnCheckpoints(host, await connect.domainLookupByUUID(vm.uuid)),
          ),
          disks,
          fullEveryDays: input.fullEveryDays,
          forceFull: input.forceFull,
          nowMs: Date.now(),
        })
  const refusal = spaceRefusal(
    target,
    freeBytes,
    kind.kind === 'increment' ? kind.changedBytes : disks.reduce((sum, disk) => sum + disk.allocatedBytes, 0),
  )
  if (refusal !== null) throw new Refusal(`${refusal} Nothing was done.`)
  const below = kind.kind === 'increment' ? parent!.manifest.disks : []
  return {
    kind,
    disks: disks.map((disk) => ({
      ...disk,
      file: `${disk.target}.qcow2`,
      backing: backingOf(kind, below.find((each) => each.target === disk.target)?.file),
    })),
  }
}

const backingOf = (kind: Kind, file: string | undefined): string | null =>
  kind.kind === 'increment' && file !== undefined ? `../${kind.parentId}/${file}` : null

async function asParent(host: Host, target: Target, backup: Backup, all: readonly Backup[]): Promise<Parent> {
  const chain = walkDown(backup, byId(all))
  return {
    id: backup.id,
    checkpoint: backup.manifest.checkpoint,
    disks: backup.manifest.disks,
    check: backup.check,
    chainLength: chain.links.length,
    fullAtMs: chain.links.at(-1)!.createdAtMs,
    unusable: await whyUnusable(host, target, chain),
  }
}

/** Looks for every link of the chain in the target's directory; its images are read by the check. */
async function whyUnusable(
  host: Host,
  target: Target,
  { links, broken }: Chain<Backup>,
): Promise<string | null> {
  for (const link of links) {
    if (link.check === 'damaged') return `${link.id}, on which it rests, is damaged`
    const missing = await host.connection
      .operate((connect) =>
        withFolder(connect, folderOf(target, link.id), async (pool) => {
          const names = new Set((await pool.listAllVolumes()).map((volume) => volume.name))
          const gone = link.manifest.files.find((file) => !names.has(file.name))
          if (gone) return `${link.id}/${gone.name} is missing`
          const read = readManifest(
            (await getFile(pool, MANIFEST_FILE, MANIFEST_MAX_BYTES))?.toString('utf8') ?? '',
          )
          return 'problem' in read ? `${link.id}: ${read.problem}` : null
        }),
      )
      .catch((error: unknown) => {
        if (isLibvirtError(error)) return `${link.id}: ${error.message}`
        throw error
      })
    if (missing !== null) return missing
  }
  if (broken?.why === 'circle') return `${broken.id} rests on itself, by way of others`
  return broken === null ? null : `${broken.id}, on which it rests, is not in the catalogue`
}
