// The app of the fault matrix: Keyframe without its web server, told what to do over Node's IPC. It stops at every
// boundary of a saga until it is told to go on, so that the runner can do harm there.
import { posix } from 'node:path'
import { addTarget } from '../../lib/backups/targets/add-target.ts'
import { listBackups } from '../../lib/backups/catalogue/catalogue.ts'
import { readOpenRestore } from '../../lib/backups/restore/open-restore.ts'
import { startBackup } from '../../lib/backups/start-backup.ts'
import { startRemoveBackups } from '../../lib/backups/retention/start-remove.ts'
import { startRestore } from '../../lib/backups/restore/start-restore.ts'
import { startEndRestore, startRestoreInPlace } from '../../lib/backups/restore/start-restore-in-place.ts'
import { listTargets } from '../../lib/backups/targets/targets.ts'
import { hostByName, stopHosts } from '../../lib/hosts/registry.ts'
import { onBoundary } from '../../lib/jobs/boundaries.ts'
import { chooseWayOut } from '../../lib/jobs/choose-way-out.ts'
import { readJob } from '../../lib/jobs/read-jobs.ts'
import { readMergePlans } from '../../lib/merges/read-merge-plans.ts'
import { startMerge } from '../../lib/merges/start-merge.ts'
import { checkVm } from '../../lib/repairs/check-vm.ts'
import { startRepair } from '../../lib/repairs/start-repair.ts'
import { readVmChains } from '../../lib/chains/read-vm-chains.ts'
import { startCreateSnapshot } from '../../lib/snapshots/create-snapshot.ts'
import { readCreatePlan } from '../../lib/snapshots/read-create-situation.ts'
import { readDeletePlan } from '../../lib/snapshots/read-plans.ts'
import { readRevertPlan } from '../../lib/snapshots/read-plans.ts'
import { startDelete } from '../../lib/snapshots/delete-snapshot.ts'
import { readSnapshotTree } from '../../lib/snapshots/read-snapshot-tree.ts'
import { startRevert } from '../../lib/snapshots/revert-to-snapshot.ts'
import { SAGAS } from '../../lib/start/sagas.ts'
import { startOperations } from '../../lib/start/start-operations.ts'
import { openStore } from '../../lib/store/store.ts'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'
import type { Ask, Say } from './subject-protocol.ts'

const HOST = 'lab'
const USER = { name: 'tester' }
const HOST_LIMIT_MS = 20_000
const say = (message: Say) => void process.send?.(message)

let goOn: () => void = () => undefined

async function open(dataDir: string, uri: string): Promise<null> {
  Object.assign(process.env, {
    LIBVIRT_URI: `${HOST}=${uri.replaceAll(',', '%2C')}`,
    KEYFRAME_DATA: dataDir,
    KEYFRAME_ADMIN_PASSWORD: 'tester-password',
  })
  onBoundary(
    (boundary) =>
      new Promise((resolve) => {
        goOn = resolve
        say({ boundary })
      }),
  )
  await openStore()
  await startOperations(null)
  // A person would press nothing before the page shows the host.
  await waitUntil(() => hostByName(HOST)?.connection.status.status === 'up', {
    limitMs: HOST_LIMIT_MS,
    what: 'The connection to libvirtd',
  }).catch(() => undefined)
  return null
}

async function begin({
  vm,
  act,
  overlays,
  backups,
  bandwidthBytesPerSecond,
}: Extract<Ask, { ask: 'begin' }>): Promise<string> {
  const subject = { host: HOST, vm, nonce: crypto.randomUUID() }
  switch (act.act) {
    case 'snapshot': {
      const { fingerprint } = await readCreatePlan(HOST, vm, {
        disks: act.disks,
        quiesce: act.quiesce,
        overlayDirectory: overlays,
      })
      return (
        await startCreateSnapshot(
          {
            ...subject,
            name: act.name,
            description: '',
            quiesce: act.quiesce,
            disks: act.disks,
            overlayDirectory: overlays,
            fingerprint,
          },
          USER,
        )
      ).jobId
    }
    case 'revert': {
      const { plan } = await readRevertPlan(HOST, vm, act.snapshot)
      return (
        await startRevert(
          {
            ...subject,
            snapshot: act.snapshot,
            stateAfter: 'as-it-was',
            safetySnapshot: act.safety,
            fingerprint: plan.fingerprint,
          },
          USER,
        )
      ).jobId
    }
    case 'delete': {
      const { plan } = await readDeletePlan(HOST, vm, act.snapshot, false)
      return (
        await startDelete(
          {
            ...subject,
            snapshot: act.snapshot,
            withChildren: false,
            metadataOnly: false,
            fingerprint: plan.fingerprint,
          },
          USER,
        )
      ).jobId
    }
    case 'merge': {
      const paths = (await readVmChains(HOST, vm))
        .filter((chain) => act.target === undefined || chain.target === act.target)
        .flatMap((chain) => chain.layers.map((layer) => layer.path))
      const path = (name: string | undefined) => name && paths.find((each) => posix.basename(each) === name)
      const options = await readMergePlans(HOST, vm, {
        target: act.target,
        topPath: path(act.top),
        basePath: path(act.base),
      })
      return (
        await startMerge(
          {
            ...subject,
            ranges: options
              .filter((option) => option.direction === act.direction)
              .map(({ target, direction, topPath, basePath, plan }) => ({
                target,
                direction,
                topPath,
                basePath,
                fingerprint: plan.fingerprint,
              })),
            bandwidthBytesPerSecond,
          },
          USER,
        )
      ).jobId
    }
    case 'repair': {
      const { repair } = (await checkVm(HOST, vm)).findings.find(({ kind }) => kind === act.finding) ?? {}
      if (!repair) throw new Error(`The check offers no repair of “${act.finding}”.`)
      return (
        await startRepair(
          {
            host: HOST,
            repair: repair.id,
            fingerprint: repair.fingerprint,
            typed: repair.confirm ?? '',
            nonce: subject.nonce,
          },
          USER,
        )
      ).jobId
    }
    case 'backup':
    case 'backup-copy': {
      const { id: targetId } = await targetAt(backups)
      const method = act.act === 'backup' ? 'incremental' : 'copy'
      return (
        await startBackup(
          {
            ...subject,
            targetId,
            method,
            disks: act.disks,
            quiesce: 'auto',
            bandwidthBytesPerSecond: 0,
            forceFull: act.full ?? false,
          },
          USER,
        )
      ).jobId
    }
    case 'restore': {
      const { id: targetId } = await targetAt(backups)
      return (
        await startRestore(
          {
            targetId,
            backupId: (await backupsOf(vm)).at(-1)!.id,
            name: act.name,
            directory: null,
            networkUp: false,
            bandwidthBytesPerSecond,
            nonce: subject.nonce,
          },
          USER,
        )
      ).jobId
    }
    case 'restore-in-place': {
      const { id: targetId } = await targetAt(backups)
      return (
        await startRestoreInPlace(
          {
            targetId,
            backupId: (await backupsOf(vm)).at(-1)!.id,
            insist: act.insist,
            bandwidthBytesPerSecond,
            nonce: subject.nonce,
          },
          USER,
        )
      ).jobId
    }
    case 'restore-end': {
      const restore = await readOpenRestore(HOST, vm)
      if (!restore) throw new Error('No restore in place waits for its end.')
      return (await startEndRestore({ jobId: restore.jobId, keep: act.keep, nonce: subject.nonce }, USER))
        .jobId
    }
    case 'backup-remove': {
      const { id: targetId } = await targetAt(backups)
      return (
        await startRemoveBackups(
          {
            targetId,
            vmUuid: vm,
            backupIds: (await backupsOf(vm)).slice(0, -1).map((backup) => backup.id),
            insist: null,
            nonce: subject.nonce,
          },
          USER,
        )
      ).jobId
    }
  }
}

const backupsOf = (vm: string) => listBackups({ vmUuid: vm })

/** The first time a person adds it. */
async function targetAt(place: string) {
  return (await listTargets(HOST))[0] ?? addTarget({ host: HOST, name: 'nightly', place, quotaBytes: null })
}

async function view(vm: string) {
  hostByName(HOST)!.changed(vm)
  return { tree: await readSnapshotTree(HOST, vm), chains: await readVmChains(HOST, vm) }
}

async function answer(message: Ask): Promise<unknown> {
  switch (message.ask) {
    case 'open':
      return open(message.dataDir, message.uri)
    case 'begin':
      return begin(message)
    case 'job':
      return readJob(message.jobId)
    case 'choose':
      await chooseWayOut(message)
      return null
    case 'view':
      return view(message.vm)
    case 'backups':
      return backupsOf(message.vm)
    case 'version':
      return SAGAS.find((saga) => saga.kind === message.kind)?.version ?? ''
    case 'go':
      goOn()
      return null
  }
}

process.on('message', (message: Ask) => {
  answer(message).then(
    (value) => say({ id: message.id, value }),
    (error: unknown) =>
      say({ id: message.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => {
  void stopHosts()
  process.exit(0)
})
say({ ready: true })
