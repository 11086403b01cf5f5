import 'server-only'
import { posix } from 'node:path'
import {
  isLibvirtError,
  numberParam,
  VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL,
  VIR_DOMAIN_JOB_OPERATION_BACKUP,
  VIR_DOMAIN_JOB_STATS_COMPLETED,
  VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED,
  VIR_ERR_CHECKPOINT_INCONSISTENT,
  VIR_ERR_NO_DOMAIN_BACKUP,
  VIR_ERR_OPERATION_INVALID,
  type Domain,
} from 'node-libvirt'
import { explainLock } from '../../hosts/busy.ts'
import { DomainCalls } from '../../hosts/described-calls.ts'
import { requireVm } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import { escapeXml } from '../../hosts/xml.ts'
import { isRefusal, Refusal } from '../../jobs/refusal.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import type { FreezeReport } from '../../snapshots/types.ts'
import { checkpointName, rememberCheckpoint } from './own-checkpoints.ts'
import type { PushPlan } from './plan-push.ts'
import type { PushJob } from './push-job.ts'
import { whileFrozen } from './while-frozen.ts'

/** begun: QEMU copies; broken: libvirt can't take an increment from here. */
export type Begun = { begun: FreezeReport } | { broken: string }

const disksXml = (all: readonly string[], chosen: ReadonlyMap<string, string>) =>
  all.map((target) => chosen.get(target) ?? '').join('')

/** XML of the backup: the chosen disks into their files, all others left alone. */
export function backupXml(all: readonly string[], plan: PushPlan, folder: string): string {
  const chosen = new Map(
    plan.disks.map((disk) => [
      disk.target,
      `<disk name='${escapeXml(disk.target)}' backup='yes' type='file'><driver type='qcow2'/><target file='${escapeXml(posix.join(folder, disk.file))}'/></disk>`,
    ]),
  )
  for (const target of all)
    if (!chosen.has(target)) chosen.set(target, `<disk name='${escapeXml(target)}' backup='no'/>`)
  return `<domainbackup mode='push'>${plan.kind.kind === 'increment' ? `<incremental>${escapeXml(plan.kind.checkpoint)}</incremental>` : ''}<disks>${disksXml(all, chosen)}</disks></domainbackup>`
}

/** XML of the checkpoint that is made at the same instant, for the next increment. */
export function checkpointXml(all: readonly string[], plan: PushPlan, name: string): string {
  const chosen = new Map(
    all.map((target) => [
      target,
      `<disk name='${escapeXml(target)}' checkpoint='${plan.disks.some((disk) => disk.target === target) ? 'bitmap' : 'no'}'/>`,
    ]),
  )
  return `<domaincheckpoint><name>${escapeXml(name)}</name><description>Keyframe: what changes from here on goes into the next backup</description><disks>${disksXml(all, chosen)}</disks></domaincheckpoint>`
}

/** Begins the push, with the guest frozen for that instant, and makes its checkpoint; `keepId` gets libvirt's id of the running VM before that. Throws Refusal when libvirt refuses: no job runs then. */
export async function beginPush(
  host: Host,
  input: PushJob,
  plan: PushPlan,
  folder: string,
  call: LogCall,
  keepId: (id: number) => Promise<void>,
): Promise<Begun> {
  const { vm } = await requireVm(host.name, input.vm)
  const all = (vm.description?.disks ?? []).map((disk) => disk.target)
  const name = checkpointName(input.backupId)
  await rememberCheckpoint(host.name, input.vm, name)
  const [backup, checkpoint] = [backupXml(all, plan, folder), checkpointXml(all, plan, name)]
  try {
    return await host.connection.operate(async (connect) => {
      const domain = await connect.domainLookupByUUID(input.vm)
      await keepId(domain.id)
      // How the job before ended is forgotten by this: it must not be taken for the end of ours.
      await domain.getJobStats(VIR_DOMAIN_JOB_STATS_COMPLETED)
      return {
        begun: await whileFrozen(host, domain, input.quiesce, call, () =>
          call(
            new DomainCalls(host.connection.uri, domain).backupBegin(
              backup,
              checkpoint,
              VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL,
            ),
          ),
        ),
      }
    })
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    if (
      plan.kind.kind === 'increment' &&
      (error.code === VIR_ERR_CHECKPOINT_INCONSISTENT || /bitmap|checkpoint/i.test(error.message))
    )
      return { broken: error.message }
    const locked = explainLock(error, vm.name)
    if (isRefusal(locked)) throw locked
    throw new Refusal(`The backup was not begun: ${explainBegin(error.message)}`)
  }
}

function explainBegin(message: string): string {
  if (/bitmap already exists/i.test(message))
    return `one of the disks holds a bitmap that nobody knows of any more, left by a backup program. Remove it with qemu-img bitmap --remove while the VM is off. libvirt: ${message}`
  if (/has a blockjob assigned/i.test(message))
    return `a block job runs on one of the disks. Wait for it, or cancel it. libvirt: ${message}`
  return message
}

/** True while the VM's backup job writes into this directory. */
export async function runningPush(domain: Domain, folder: string): Promise<boolean> {
  try {
    return (await domain.backupGetXMLDesc()).includes(escapeXml(`${folder}/`))
  } catch (error) {
    if (isLibvirtError(error, VIR_ERR_NO_DOMAIN_BACKUP) || isLibvirtError(error, VIR_ERR_OPERATION_INVALID))
      return false
    throw error
  }
}

export type PushLook =
  | { state: 'runs'; doneBytes: number; totalBytes: number }
  | { state: 'done'; bytes: number }
  | { state: 'failed'; why: string }

/**
 * How the push stands. What libvirt says of the last job's end is forgotten when libvirtd restarts: a push that ended meanwhile then
 * counts as failed, for nothing else tells.
 */
export async function lookAtPush(domain: Domain, folder: string): Promise<PushLook> {
  if (await runningPush(domain, folder)) {
    const { params } = await domain.getJobStats()
    return {
      state: 'runs',
      doneBytes: numberParam(params, 'disk_processed') ?? 0,
      totalBytes: numberParam(params, 'disk_total') ?? 0,
    }
  }
  const { state } = await domain.getState()
  if (state === 'shut off' || state === 'crashed')
    return { state: 'failed', why: `the VM stopped in the middle of it (${state})` }
  const { type, params } = await domain.getJobStats([
    VIR_DOMAIN_JOB_STATS_COMPLETED,
    VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED,
  ])
  const isBackup = numberParam(params, 'operation') === VIR_DOMAIN_JOB_OPERATION_BACKUP
  if (type === 'completed' && isBackup)
    return { state: 'done', bytes: numberParam(params, 'disk_processed') ?? 0 }
  if (type === 'none' || !isBackup)
    return { state: 'failed', why: 'libvirtd was restarted and does not know any more how it ended' }
  const message = params.get('errmsg')
  if (typeof message === 'string' && message !== '') return { state: 'failed', why: message }
  if (type === 'cancelled') return { state: 'failed', why: 'it was cancelled with virsh, or another tool' }
  return { state: 'failed', why: 'QEMU could not go on, possibly for lack of space' }
}
