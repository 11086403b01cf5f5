import 'server-only'
import type { ProtectionState, ReasonKind } from '../schedules/types.ts'
import { store } from '../store/store.ts'
import { enqueue } from './outbox.ts'
import { isNews, protectionMessages, type Change } from './protection-message.ts'

const SUBJECT = 'vm:'
const subjectOf = (row: { host: string; vm_uuid: string }) => `${SUBJECT}${row.host}/${row.vm_uuid}`

/**
 * Compares the protection that lib/schedules wrote down with what was told last, and puts what is news into the outboxes: in one write with
 * that it was told. So a change is told once, also one that was written just before the process died. A VM that is seen for the first time is no news.
 */
export async function collectProtection(nowMs: number): Promise<void> {
  await store()
    .transaction()
    .execute(async (transaction) => {
      const states = await transaction
        .selectFrom('protection_states')
        .selectAll()
        .orderBy('vm_name')
        .execute()
      const told = new Map(
        (
          await transaction
            .selectFrom('notification_told')
            .selectAll()
            .where('subject', 'like', `${SUBJECT}%`)
            .execute()
        ).map((row) => [row.subject, row]),
      )
      const changes: Change[] = []
      for (const row of states) {
        const subject = subjectOf(row)
        const before = told.get(subject)
        told.delete(subject)
        if (before && !isNews(before, row)) continue
        const now = { state: row.state, reason: row.reason }
        await transaction
          .insertInto('notification_told')
          .values({ subject, ...now })
          .onConflict((conflict) => conflict.column('subject').doUpdateSet(now))
          .execute()
        if (before)
          changes.push({
            host: row.host,
            vmUuid: row.vm_uuid,
            vmName: row.vm_name,
            before: before.state as ProtectionState,
            state: row.state as ProtectionState,
            reason: row.reason as ReasonKind | null,
            sentence: row.sentence,
            sinceMs: row.since_ms,
          })
      }
      // VMs that are gone.
      for (const subject of told.keys())
        await transaction.deleteFrom('notification_told').where('subject', '=', subject).execute()
      const listening = (
        await transaction
          .selectFrom('notification_channels')
          .select('id')
          .where('hears_protection', '=', 1)
          .execute()
      ).map((row) => row.id)
      for (const message of protectionMessages(changes, nowMs)) {
        const of =
          message.vms.length === 1
            ? changes.find(
                (change) => change.vmUuid === message.vms[0]!.uuid && change.host === message.vms[0]!.host,
              )
            : undefined
        await enqueue(
          transaction,
          listening,
          `protection:${of ? `${of.host}/${of.vmUuid}:${of.sinceMs}` : `many:${nowMs}`}`,
          message,
        )
      }
    })
}
