import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../../lib/node-libvirt/bench/compare.ts'
import { backupActs, makeTarget } from '../../lib/testing/backup-acts.ts'
import { guestWrites, startKeyframe } from '../../lib/testing/in-process.ts'
import { readRecords } from '../../lib/testing/lab/guest-records.ts'
import { DB } from '../../lib/testing/lab/guest.ts'
import { type Lab } from '../../lib/testing/lab/lab.ts'
import { longestGap } from '../../lib/testing/lab/record-format.ts'
import { defineSavedGuest } from '../../lib/testing/lab/saved-guest.ts'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'
import { type Line } from './table.ts'
import { VirshBackups } from './virsh-backup.ts'

const MIB = 1024 * 1024
const ROUNDS = 5
const DISK_MIB = 256
/** qemu-io takes as much memory as it writes at once. */
const WRITE_MIB = 64
const DIRTY_MIB = 16
const STILL = 'still'
const BYTES_AIM = { atMost: 1.05 }
const TIME_AIM = { atMost: 1.1 }
/** After a backup the guest writes so many records more: its gap may end with the first of them. */
const RECORDS_AFTER = 3

type Way = 'keyframe' | 'virsh'
type Measured = Record<Way, number[]>
const measured = (): Measured => ({ keyframe: [], virsh: [] })
/** Each way goes first in every other round: the second finds the disk's bytes in memory. */
const waysOf = (round: number): Way[] => (round % 2 === 0 ? ['keyframe', 'virsh'] : ['virsh', 'keyframe'])

/** (e) Backups by QEMU's push: bytes, time, and the guest's longest wait, each beside `virsh backup-begin` on the same VM. */
export async function benchBackup(lab: Lab): Promise<Line[]> {
  const keyframe = await startKeyframe(lab)
  try {
    const target = await makeTarget(lab, 'backups')
    const folder = join(lab.dir, 'virsh-backups')
    mkdirSync(folder)
    lab.user.own(folder)
    const actsOn = async (name: string) => backupActs(keyframe, await keyframe.uuid(name), target)
    await lab.defineGuest({
      name: STILL,
      system: 'none',
      disks: [{ format: 'qcow2', virtualBytes: DISK_MIB * MIB }],
    })
    await lab.startGuest(STILL)
    for (let at = 0; at < DISK_MIB; at += WRITE_MIB) await guestWrites(lab, STILL, 0, 1, at, WRITE_MIB)
    const still = await benchBytesAndTime(lab, await actsOn(STILL), new VirshBackups(lab, STILL, folder))
    await lab.virsh('destroy', STILL)
    await defineSavedGuest(lab, DB)
    await lab.startGuest(DB.name)
    return [...still, ...(await benchGap(lab, await actsOn(DB.name), new VirshBackups(lab, DB.name, folder)))]
  } finally {
    await keyframe.stop()
    for (const name of [STILL, DB.name]) await lab.virsh('destroy', name).catch(() => '')
  }
}

type Acts = ReturnType<typeof backupActs>

/** A VM that writes nothing but what is written for it: its dirty bytes are known. */
async function benchBytesAndTime(lab: Lab, vm: Acts, virsh: VirshBackups): Promise<Line[]> {
  const copied: number[] = []
  const ways: Record<Way, (full: boolean) => Promise<{ tookMs: number; bytes: number }>> = {
    virsh: (full) => virsh.backUp({ full }),
    async keyframe(full) {
      const { readJobStory } = await import('../../lib/jobs/step-log.ts')
      const startedAtMs = Date.now()
      const job = await vm.backUp({ forceFull: full })
      const backup = (await vm.list()).at(-1)
      if (job.status !== 'succeeded' || backup?.kind !== (full ? 'full' : 'increment'))
        throw new Error(`The backup ended as ${job.status}, ${backup?.kind}: ${job.error}`)
      const files = readdirSync(vm.file(backup, ''))
      const readBack = (await readJobStory(job.id)).find((step) => step.name === 'read vda.qcow2 back')!
      if (!full) copied.push(readBack.begunAtMs - startedAtMs)
      return {
        tookMs: job.endedAtMs! - startedAtMs,
        bytes: files.reduce((sum, file) => sum + statSync(vm.file(backup, file)).size, 0),
      }
    },
  }
  const [fullTimes, times, bytes] = [measured(), measured(), measured()]
  for (let round = -1; round < ROUNDS; round++) {
    for (const way of waysOf(round)) {
      const full = await ways[way](true)
      if (round >= 0) fullTimes[way].push(full.tookMs)
    }
    // Each way's last backup is a full of just now: both find the same changes.
    await guestWrites(lab, STILL, 0, round + 10, 4, DIRTY_MIB)
    for (const way of waysOf(round)) {
      const increment = await ways[way](false)
      if (round >= 0) {
        times[way].push(increment.tookMs)
        bytes[way].push(increment.bytes / MIB)
      }
    }
  }
  const time = { peerName: 'virsh backup-begin, wait', unit: 'ms', aim: TIME_AIM }
  return [
    {
      what: 'incremental backup, bytes',
      keyframe: median(bytes.keyframe),
      peer: DIRTY_MIB,
      peerName: 'what the guest wrote',
      unit: 'MiB',
      aim: BYTES_AIM,
      note: 'Keyframe’s are those of all files of the backup: image, XML, sums, manifest',
    },
    {
      what: 'the same beside virsh',
      keyframe: median(bytes.keyframe),
      peer: median(bytes.virsh),
      peerName: 'virsh backup-begin',
      unit: 'MiB',
    },
    {
      what: `incremental backup of ${DIRTY_MIB} MiB, whole job`,
      keyframe: median(times.keyframe),
      peer: median(times.virsh),
      ...time,
      note: `QEMU had copied all after ${median(copied).toFixed(0)} ms; then each file is read back for its SHA-256 and the image’s structure, and a manifest written: virsh does neither`,
    },
    {
      what: `full backup of ${DISK_MIB} MiB, whole job`,
      keyframe: median(fullTimes.keyframe),
      peer: median(fullTimes.virsh),
      ...time,
    },
  ]
}

/** A guest that writes ten records a second: how long it had to wait with a write. */
async function benchGap(lab: Lab, vm: Acts, virsh: VirshBackups): Promise<Line[]> {
  const disk = lab.guests[DB.name]!.disks[0]!
  const read = () =>
    waitUntil(() => readRecords(disk).catch(() => undefined), {
      limitMs: 10_000,
      what: 'A reading of the guest’s records',
    })
  const ways: Record<Way, (frozen: boolean) => Promise<unknown>> = {
    virsh: (frozen) => virsh.backUp({ full: false, frozen }),
    keyframe: (frozen) => vm.made({ quiesce: frozen ? 'required' : 'off' }),
  }
  const gapDuring = async (act: () => Promise<unknown>): Promise<number> => {
    const before = (await read()).at(-1)!.seq
    await act()
    const end = (await read()).at(-1)!.seq + RECORDS_AFTER
    const after = await waitUntil(
      async () => {
        const records = await read()
        return records.at(-1)!.seq >= end ? records : undefined
      },
      { limitMs: 20_000, what: `Record ${end} of ${DB.name}` },
    )
    return longestGap(
      after.filter((record) => record.seq <= end),
      before,
    ).gapMs
  }
  const [gaps, frozenGaps, none] = [measured(), measured(), [] as number[]]
  for (let round = -1; round < ROUNDS; round++) {
    for (const way of waysOf(round)) {
      const [gap, frozenGap] = [
        await gapDuring(() => ways[way](false)),
        await gapDuring(() => ways[way](true)),
      ]
      if (round >= 0) {
        gaps[way].push(gap)
        frozenGaps[way].push(frozenGap)
      }
    }
    none.push(await gapDuring(() => new Promise((resolve) => setTimeout(resolve, 1_000))))
  }
  const note = `beside no backup at all ${median(none).toFixed(0)} ms; in the guest’s own clock, no finer than its pace of 100 ms`
  return [
    {
      what: 'longest gap between guest writes',
      keyframe: median(gaps.keyframe),
      peer: median(gaps.virsh),
      peerName: 'virsh backup-begin',
      unit: 'ms',
      note,
    },
    {
      what: 'the same, frozen for the begin',
      keyframe: median(frozenGaps.keyframe),
      peer: median(frozenGaps.virsh),
      peerName: 'virsh domfsfreeze, backup-begin, domfsthaw',
      unit: 'ms',
    },
  ]
}
