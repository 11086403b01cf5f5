import { store } from '../../store/store.ts'

/** For tests: a running job of a VM that no host has. */
export async function startJobRow(id: string): Promise<void> {
  await store()
    .insertInto('jobs')
    .values({
      id,
      kind: 'merge',
      host: 'h',
      vm_uuid: 'u',
      vm_name: 'web',
      title: 'Merge vda: b.qcow2 into a.qcow2',
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
      locks: '["/srv/secret/a.qcow2","/srv/secret/b.qcow2"]',
      begun_at_ms: Date.now(),
      offers: '[]',
      request: null,
      copied_bytes: null,
      kept: '{}',
    })
    .execute()
}
