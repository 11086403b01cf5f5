import 'server-only'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { filesOf, type KnownVm } from '../hosts/inventory.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { walkDisk } from '../hosts/walk-chain.ts'
import { readPace } from '../jobs/pace.ts'
import { readFolders } from '../situation/read-folders.ts'
import { readFileUsers } from '../storage/file-users.ts'
import type { Plan } from '../plans/types.ts'
import {
  chosenDisks,
  isAllowed,
  overlayFolders,
  planCreate,
  type CreateQuestion,
  type CreateSituation,
} from './plan-create.ts'
import { overlayDirectories } from './snapshot-form.ts'

/** The plan of taking a snapshot as things are now. Throws HostDown and VmGone. */
export const readCreatePlan = async (
  hostName: string,
  vmUuid: string,
  question: CreateQuestion,
): Promise<Plan> => planCreate(await readCreateSituation(hostName, vmUuid, question), question)

/** Less than what plans of merges and deletes rest on: a snapshot must not be kept waiting. */
async function readCreateSituation(
  hostName: string,
  vmUuid: string,
  question: CreateQuestion,
): Promise<CreateSituation> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  host.files.forget(filesOf(vm))
  const jobs = await host.jobs.fresh(vm)
  const connect = await host.connection.reader()
  const snapshots = await readSnapshots(connect, vmUuid)
  const disks = chosenDisks(vm, question)
  const allowedDirectories = question.overlayDirectory === null ? [] : await overlayDirectories(host, vm)
  // Looking at a folder starts a pool on it: not on any that someone names.
  const folders = isAllowed(question, allowedDirectories) ? overlayFolders(disks, question) : []
  const chains = await Promise.all(disks.map((disk) => walkDisk(host.files, disk)))
  const written = vm.description?.disks.find((disk) => disk.path !== null && !disk.readonly)?.path ?? null
  const readings = [
    ...chains.flatMap(({ layers }) => layers.map(({ reading }) => reading)),
    ...(written === null ? [] : [await host.files.read(written)]),
  ]
  return {
    version: 1,
    host: host.name,
    vm: {
      uuid: vm.uuid,
      name: vm.name,
      state: vm.state,
      running: vm.running,
      persistent: vm.persistent,
      hasManagedSave: !vm.running && (await connect.domainReference(vm.uuid).hasManagedSaveImage()),
      description: vm.description,
      next: vm.next,
    },
    snapshots: snapshots.list,
    current: snapshots.current,
    jobs,
    allowedDirectories,
    files: Object.fromEntries(readings.map((reading) => [reading.path, reading])),
    folders: await readFolders(host, folders),
    uses: await readUses(host, vm, disks),
    agent: question.quiesce === 'off' ? null : await host.frozen.read(vm),
    pace: await readPace(hostName, ['snapshot']),
  }
}

/** QEMU's own lock speaks for a VM that runs. */
async function readUses(
  host: Host,
  vm: KnownVm,
  disks: ReturnType<typeof chosenDisks>,
): Promise<CreateSituation['uses']> {
  const paths = disks.flatMap(({ path, shareable }) => (path === null || shareable ? [] : [path]))
  if (vm.running || paths.length === 0) return {}
  const users = await readFileUsers(host, paths, 'now')
  return Object.fromEntries(paths.map((path) => [path, users.of(path)]))
}
