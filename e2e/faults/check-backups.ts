import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Backup } from '../../lib/backups/catalogue/catalogue.ts'
import { checkpointsOf, transients } from '../backup-leftovers.ts'
import { readRecords } from '../../lib/testing/lab/guest-records.ts'
import type { GuestRecord } from '../../lib/testing/lab/record-format.ts'
import { missingNumbers } from '../../lib/testing/lab/record-format.ts'
import { run } from '../../lib/testing/lab/run-command.ts'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'
import type { End, Must } from './end.ts'
import { type FaultGuest, NAME, RESTORED } from './fault-guest.ts'
import { hashOf, imageAt } from './layer-records.ts'
import { fileOf } from './saved-scene.ts'
import type { Outcome } from './scenario.ts'

const NEXT_LIMIT_MS = 60_000
const LEFT_LIMIT_MS = 5_000
const MARKER = 'keyframe-target.json'

/** What is in the target is whole and right, nothing else is left of what was tried; and the next backup, which nobody prepares anything for, is right. */
export async function checkBackups(end: End, outcome: Outcome, must: Must): Promise<void> {
  const { app, vm, guest, scenario } = end
  const before = await app.ask('backups', { vm })
  must(
    before.length === outcome.backups,
    `the catalogue has ${before.length} backups instead of ${outcome.backups}: ${before.map((backup) => backup.id).join(', ')}`,
  )
  await checkTarget(end, before, outcome, must)
  if (!scenario.next) return
  const jobId = await app.ask('begin', {
    vm,
    act: scenario.next,
    overlays: guest.overlaysDir,
    backups: guest.backupsDir,
    bandwidthBytesPerSecond: 0,
  })
  const job = await waitUntil(
    async () => {
      const now = await app.ask('job', { jobId })
      return now !== null && now.endedAtMs !== null ? now : undefined
    },
    { limitMs: NEXT_LIMIT_MS, everyMs: 200, what: 'The end of the next backup' },
  )
  must(job.status === 'succeeded', `the next backup ${job.status}: ${job.error}`)
  const after = await app.ask('backups', { vm })
  must(after.length === before.length + 1, `after the next backup the catalogue has ${after.length}`)
  await checkTarget(end, after, outcome, must)
  const newest = after.at(-1)
  if (newest?.manifest.checkpoint)
    must(
      (await checkpointsOf(guest.lab, NAME)).join() === newest.manifest.checkpoint,
      `after the next backup the VM has the checkpoints ${(await checkpointsOf(guest.lab, NAME)).join(', ')}`,
    )
}

const foldersOf = (guest: FaultGuest) =>
  readdirSync(guest.backupsDir)
    .filter((name) => name !== MARKER)
    .sort()

async function checkTarget(
  { guest, reality, mayStop }: End,
  backups: readonly Backup[],
  outcome: Outcome,
  must: Must,
): Promise<void> {
  must(
    foldersOf(guest).join() ===
      backups
        .map((backup) => backup.id)
        .sort()
        .join(),
    `the target holds ${foldersOf(guest).join(', ') || 'nothing'}, the catalogue ${backups.map((backup) => backup.id).join(', ') || 'nothing'}`,
  )
  const known = new Set(backups.map((backup) => backup.manifest.checkpoint))
  const strange = (await checkpointsOf(guest.lab, NAME)).filter((name) => !known.has(name))
  // Of a VM that stopped a checkpoint can't be removed before the next backup.
  must(strange.length === 0 || mayStop !== undefined, `checkpoints of no backup: ${strange.join(', ')}`)
  let lastBefore = 0
  for (const backup of backups) {
    const folder = join(guest.backupsDir, backup.id)
    await run('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: folder }).catch((error: unknown) =>
      must(false, `${backup.id} is not as it was written: ${String(error)}`),
    )
    const disks = await Promise.all(
      backup.manifest.disks.map(async ({ target, file }) => ({
        target,
        records: await readRecords({ path: join(folder, file), format: 'qcow2' }),
      })),
    )
    const lasts = disks.map(({ records }) => records.at(-1)?.seq ?? 0)
    must(
      Math.max(...lasts) - Math.min(...lasts) <= 1,
      `${backup.id} caught its disks at different moments: ${lasts.join(', ')}`,
    )
    must(
      Math.min(...lasts) >= lastBefore,
      `${backup.id} ends at record ${Math.min(...lasts)}, the one before it at ${lastBefore}`,
    )
    lastBefore = Math.min(...lasts)
    for (const { target, records } of disks) {
      must(
        records.length > 0 && missingNumbers(records).length === 0,
        `${backup.id} lacks records on ${target}`,
      )
      // After a restore in place the guest goes on from an earlier record.
      if (outcome.data !== 'all') continue
      const now = await liveRecords(reality.chains[target as 'vda' | 'vdb'].at(-1)!)
      must(
        hashOf(now.slice(0, records.length)) === hashOf(records),
        `${backup.id} does not hold on ${target} what the guest had written`,
      )
    }
  }
  const left = await waitUntil(
    async () => ((await transients(guest.lab, guest.backupsDir)).length === 0 ? true : undefined),
    { limitMs: LEFT_LIMIT_MS, what: 'The end of what was made for a time' },
  ).catch(() => false)
  if (!left) must(false, `left in libvirt: ${(await transients(guest.lab, guest.backupsDir)).join(', ')}`)
}

/** Read while the guest writes: caught half way it is read again. */
const liveRecords = (path: string): Promise<GuestRecord[]> =>
  waitUntil(
    async () => {
      const records = await readRecords(imageAt(path)).catch(() => [])
      return records.length > 0 && missingNumbers(records).length === 0 ? records : undefined
    },
    { limitMs: 10_000, what: `A reading of ${path}` },
  )

/** What the oldest backup holds of a disk. */
export const readOldest = (guest: FaultGuest, target: string): Promise<GuestRecord[]> =>
  readRecords({ path: join(guest.backupsDir, foldersOf(guest)[0]!, `${target}.qcow2`), format: 'qcow2' })

/** The new VM is there, off, with exactly what the backup holds; or nothing of it is. */
export async function checkRestored({ guest }: End, restored: boolean, must: Must): Promise<void> {
  const there = (await guest.lab.virsh('list', '--all', '--name')).split('\n').includes(RESTORED)
  must(there === restored, there ? `${RESTORED} is there` : `${RESTORED} is not there`)
  if (!there) return
  const xml = await guest.lab.virsh('dumpxml', RESTORED)
  for (const target of ['vda', 'vdb']) {
    const path = fileOf(xml, target)
    must(!path.startsWith(guest.backupsDir), `${RESTORED} starts from the backup itself`)
    must(
      hashOf(await readRecords(imageAt(path))) === hashOf(await readOldest(guest, target)),
      `${RESTORED} does not hold on ${target} what the backup holds`,
    )
  }
  must((await guest.lab.virsh('domstate', RESTORED)).trim() === 'shut off', `${RESTORED} was started`)
}
