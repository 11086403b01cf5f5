import 'server-only'
import { sql } from 'kysely'
import { listTargets } from '../backups/targets/targets.ts'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import { isHelper } from '../hosts/helper-domain.ts'
import { hosts } from '../hosts/registry.ts'
import { store } from '../store/store.ts'
import { nowMs } from './clock.ts'
import { judgeProtection, newestGood, type JudgedBackup } from './judge-protection.ts'
import { listLeftOut } from './left-out.ts'
import { toRun } from './read-runs.ts'
import { coveringOf, listSchedules } from './read-schedules.ts'
import type { Protection } from './types.ts'

/** One plain answer for one VM; null when its host does not know it, or it is left out. */
export async function protectionOf(host: string, vmUuid: string): Promise<Protection | null> {
  return (await protectionsOf(host, vmUuid))[0] ?? null
}

/** One plain answer for each VM of a host, or of all, but for those that are left out; VMs of a host that was never read are not known. */
export async function protectionsOf(host?: string, vmUuid?: string): Promise<Protection[]> {
  const [schedules, targets, leftOutVms, looks] = await Promise.all([
    listSchedules(),
    listTargets(),
    listLeftOut(host),
    store().selectFrom('backup_target_looks').selectAll().execute(),
  ])
  const leftOut = new Set(leftOutVms.map((each) => `${each.host}/${each.vmUuid}`))
  const problems = new Map(looks.map((look) => [look.target_id, look.problem]))
  const known = new Map(
    targets.map((target) => [target.id, { name: target.name, problem: problems.get(target.id) ?? null }]),
  )
  const [backups, runs] = [await readBackups(host, vmUuid), await readLastRuns(host, vmUuid)]
  const vms = [...hosts().values()]
    .filter((each) => host === undefined || each.name === host)
    .flatMap((each) =>
      each.inventory.lastKnown
        .filter(
          (vm) =>
            !isHelper(vm) &&
            (vmUuid === undefined || vm.uuid === vmUuid) &&
            !leftOut.has(`${each.name}/${vm.uuid}`),
        )
        .map((vm) => ({ host: each.name, vm })),
    )
  const own = (of: { host: string; vm: { uuid: string } }) => backups.get(`${of.host}/${of.vm.uuid}`) ?? []
  const disks = await readDisks(vms.flatMap((each) => newestGood(own(each)) ?? []))
  return vms.map((each) =>
    judgeProtection({
      host: each.host,
      vmUuid: each.vm.uuid,
      vmName: each.vm.name,
      disks:
        each.vm.description?.disks
          .filter((disk) => snapshotRefusal(disk) === null)
          .map((disk) => disk.target) ?? null,
      schedules: coveringOf(
        schedules.filter((schedule) => schedule.host === each.host),
        each.vm.uuid,
      ),
      lastRuns: runs.get(`${each.host}/${each.vm.uuid}`) ?? [],
      backups: own(each),
      disksIn: ({ id, targetId }) => disks.get(`${targetId}/${id}`) ?? [],
      targets: known,
      nowMs: nowMs(),
    }),
  )
}

function grouped<T extends { host: string; vm_uuid: string }, V>(
  rows: readonly T[],
  to: (row: T) => V,
): Map<string, V[]> {
  const groups = new Map<string, V[]>()
  for (const row of rows) {
    const key = `${row.host}/${row.vm_uuid}`
    groups.set(key, [...(groups.get(key) ?? []), to(row)])
  }
  return groups
}

/** Without their manifests: a thousand VMs have tens of thousands. */
async function readBackups(host?: string, vmUuid?: string): Promise<Map<string, JudgedBackup[]>> {
  let query = store()
    .selectFrom('backups')
    .select([
      'id',
      'target_id',
      'host',
      'vm_uuid',
      'kind',
      'parent_id',
      'created_at_ms',
      'check_status',
      'checked_at_ms',
      'check_note',
    ])
  if (host !== undefined) query = query.where('host', '=', host)
  if (vmUuid !== undefined) query = query.where('vm_uuid', '=', vmUuid)
  return grouped(await query.execute(), (row) => ({
    id: row.id,
    targetId: row.target_id,
    kind: row.kind as JudgedBackup['kind'],
    parentId: row.parent_id,
    createdAtMs: row.created_at_ms,
    check: row.check_status as JudgedBackup['check'],
    checkedAtMs: row.checked_at_ms,
    checkNote: row.check_note,
  }))
}

/** Of each schedule and VM the newest run that ended. */
async function readLastRuns(host?: string, vmUuid?: string) {
  let query = store()
    .selectFrom('schedule_runs')
    .selectAll()
    .where('outcome', 'in', ['done', 'failed'])
    .where(
      'due_at_ms',
      '=',
      sql<number>`(SELECT max(later.due_at_ms) FROM schedule_runs AS later WHERE later.schedule_id = schedule_runs.schedule_id AND later.vm_uuid = schedule_runs.vm_uuid AND later.outcome IN ('done', 'failed'))`,
    )
  if (host !== undefined) query = query.where('host', '=', host)
  if (vmUuid !== undefined) query = query.where('vm_uuid', '=', vmUuid)
  return grouped(await query.execute(), toRun)
}

/** Disks by target and id of the backup. */
async function readDisks(of: readonly JudgedBackup[]): Promise<Map<string, string[]>> {
  const disks = new Map<string, string[]>()
  for (let from = 0; from < of.length; from += 500) {
    const part = of.slice(from, from + 500)
    const rows = await store()
      .selectFrom('backups')
      .select(['id', 'target_id', 'manifest'])
      .where(
        'id',
        'in',
        part.map((backup) => backup.id),
      )
      .execute()
    for (const row of rows)
      disks.set(
        `${row.target_id}/${row.id}`,
        (JSON.parse(row.manifest) as { disks: { target: string }[] }).disks.map((disk) => disk.target),
      )
  }
  return disks
}
