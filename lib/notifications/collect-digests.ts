import 'server-only'
import { hosts } from '../hosts/registry.ts'
import { protectionsOf } from '../schedules/protection.ts'
import { nextRuns } from '../schedules/when.ts'
import { store } from '../store/store.ts'
import { channelRows, type ChannelRow } from './channels.ts'
import { readFailedJobs } from './collect-jobs.ts'
import { digestMessage } from './digest-message.ts'
import { enqueue } from './outbox.ts'

const DAY_MS = 24 * 60 * 60_000
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
/** After the start hosts are not known yet, and a digest would miss their VMs: it waits for them so long. */
const HOSTS_WAIT_MS = 60_000

/** When the digest after those that were handled is due, epoch ms; null for a channel without. Pure. */
export function digestDue(
  channel: Pick<ChannelRow, 'digest_at' | 'time_zone' | 'digest_handled_until_ms'>,
): number | null {
  return channel.digest_at === null
    ? null
    : (nextRuns(
        { kind: 'times', times: [channel.digest_at], days: EVERY_DAY },
        channel.time_zone,
        channel.digest_handled_until_ms,
        1,
      )[0] ?? null)
}

/** Puts digests that are due into the outboxes: one each, however many were missed meanwhile. `runningMs`: how long Keyframe runs. */
export async function collectDigests(nowMs: number, runningMs: number): Promise<void> {
  const due = (await channelRows()).filter((channel) => (digestDue(channel) ?? Infinity) <= nowMs)
  if (
    due.length === 0 ||
    (runningMs < HOSTS_WAIT_MS &&
      [...hosts().values()].some(
        (host) =>
          host.connection.status.status === 'connecting' ||
          (host.connection.status.status === 'up' && !host.inventory.hasRead),
      ))
  )
    return
  const [protections, failed] = [await protectionsOf(), await readFailedJobs(nowMs - DAY_MS)]
  const away = [...hosts().values()]
    .filter((host) => host.connection.status.status !== 'up')
    .map((host) => host.name)
  for (const channel of due) {
    const message = digestMessage({ protections, failed, away, nowMs, timeZone: channel.time_zone })
    await store()
      .transaction()
      .execute(async (transaction) => {
        const changed = await transaction
          .updateTable('notification_channels')
          .set({ digest_handled_until_ms: nowMs })
          .where('id', '=', channel.id)
          .where('digest_handled_until_ms', '=', channel.digest_handled_until_ms)
          .executeTakeFirst()
        // Saved anew, or removed, at the same instant.
        if (changed.numUpdatedRows > 0n)
          await enqueue(transaction, [channel.id], `digest:${digestDue(channel)}`, message)
      })
  }
}
