import { store } from '../../store/store.ts'
import type { ChannelInput } from '../channel-input.ts'
import type { Message } from '../types.ts'

/** For tests. */
export const MESSAGE: Message = {
  event: 'protection',
  atMs: Date.parse('2026-11-27T08:00:00Z'),
  level: 'attention',
  title: 'db on lab is at risk',
  text: 'The last backup failed at 02:30: The target is full.\nMend <it> & “try” again.',
  path: '/hosts/lab/vms/db/backups',
  vms: [
    {
      host: 'lab',
      name: 'db',
      uuid: 'u',
      protection: 'at-risk',
      before: 'protected',
      sentence: 'The last backup failed at 02:30: The target is full.',
    },
  ],
  jobs: [],
  counts: null,
}

/** A webhook's form, as its dialog sends it. */
export const webhookInput = (url: string, change: object = {}): ChannelInput =>
  ({
    id: crypto.randomUUID(),
    exists: false,
    kind: 'json',
    name: 'hook',
    secretUrl: url,
    token: '',
    hearsProtection: true,
    hearsJobs: true,
    digestAt: null,
    timeZone: 'UTC',
    ...change,
  }) as ChannelInput

/** What lib/schedules would write of a VM's protection. */
export async function writeProtection(
  vm: string,
  state: string,
  reason: string | null,
  sinceMs: number,
  sentence = `It is ${state}.`,
): Promise<void> {
  const values = { vm_name: vm, state, reason, sentence, since_ms: sinceMs }
  await store()
    .insertInto('protection_states')
    .values({ host: 'lab', vm_uuid: `uuid-${vm}`, ...values })
    .onConflict((conflict) => conflict.columns(['host', 'vm_uuid']).doUpdateSet(values))
    .execute()
}

/** A job's row, which is running. */
export async function beginJob(id: string, change: { vm?: string; title?: string } = {}): Promise<void> {
  const vm = change.vm ?? 'web'
  await store()
    .insertInto('jobs')
    .values({
      id,
      kind: 'merge',
      host: 'lab',
      vm_uuid: `uuid-${vm}`,
      vm_name: vm,
      title: change.title ?? 'Merge vda',
      status: 'running',
      by: 'ann',
      nonce: id,
      input: '{}',
      created_at_ms: Date.now(),
      ended_at_ms: null,
      percent: 1,
      note: null,
      result: null,
      error: null,
      can_cancel: 1,
      cancel_requested: 0,
      version: '1',
      run: 1,
      mode: 'do',
      locks: '[]',
      begun_at_ms: Date.now(),
      offers: '[]',
      request: null,
      copied_bytes: null,
      kept: '{}',
    })
    .execute()
}

/** Ends it, in the one write that lib/jobs makes. */
export async function endJob(
  id: string,
  status: 'failed' | 'cancelled' | 'succeeded',
  atMs: number,
  error: string | null = null,
): Promise<void> {
  await store().updateTable('jobs').set({ status, ended_at_ms: atMs, error }).where('id', '=', id).execute()
}
