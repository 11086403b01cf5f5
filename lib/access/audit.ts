import 'server-only'
import { store } from '../store/store.ts'

/** Input fields that never reach the record. */
const SECRET_FIELDS = /password|token|secret/i
const ASKED_MAX_CHARACTERS = 4_000

/** Records that something was asked. @returns the record's id for `auditOutcome`. */
export async function auditAsked(userName: string, act: string, input: unknown): Promise<number> {
  const asked = JSON.stringify(input, (key, value: unknown) => (SECRET_FIELDS.test(key) ? '…' : value)) ?? 'null'
  const { id } = await store().insertInto('audit').values({ at_ms: Date.now(), user_name: userName, act, asked: asked.slice(0, ASKED_MAX_CHARACTERS), outcome: null }).returning('id').executeTakeFirstOrThrow()
  return id
}

export async function auditOutcome(id: number, outcome: string): Promise<void> {
  await store().updateTable('audit').set({ outcome }).where('id', '=', id).execute()
}
