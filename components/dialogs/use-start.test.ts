import { expectTypeOf, it } from 'vitest'
import type { BackupActs } from '@/components/backups/backup-acts'
import type { ChannelActs } from '@/components/notifications/channel-acts'
import type { ShareActs } from '@/components/shares/share-acts'
import type { VmActs } from '@/components/vm/vm-acts'
import { useStart } from '@/components/dialogs/use-start'

/** What a form of this act may send. */
type Sent<Act> = Act extends (input: infer Input) => unknown ? Exclude<Input, FormData> : never

/** Read by the compiler alone: hooks run in components only. */
export function useForms(acts: VmActs, backups: BackupActs, channels: ChannelActs, shares: ShareActs) {
  const done = () => undefined
  useStart(acts.cancelJob, done).submit({ jobId: 'j' })
  // @ts-expect-error: misspelt
  useStart(acts.cancelJob, done).submit({ jobID: 'j' })
  // @ts-expect-error: one key too many
  useStart(acts.cancelJob, done).submit({ jobId: 'j', hots: 'h' })
  // @ts-expect-error: forgotten
  useStart(acts.cancelJob, done).submit({})
  // @ts-expect-error: no such word
  useStart(acts.power, done).submit({ host: 'h', vm: 'u', act: 'explode', nonce: 'n' })
  // @ts-expect-error: a field with a default is misspelt
  useStart(backups.check, done).submit({ targetId: 't', backupId: 'b', nonce: 'n', bellow: true })
  // @ts-expect-error: a method of FormData is no field
  useStart(channels.remove, done).submit({ id: 'c', keys: [] })
  // @ts-expect-error: a link to a VM names the VM
  useStart(shares.create, done).submit({
    kind: 'vm',
    host: 'h',
    lifetime: '1h',
    password: '',
    showPaths: true,
  })
  // @ts-expect-error: an answer has what the act answers
  useStart(acts.merge, (result) => result.job)
}

it('a form can send nothing but what its action takes', () => {
  expectTypeOf<Sent<VmActs['cancelJob']>>().toEqualTypeOf<{ jobId: string }>()
  expectTypeOf<Sent<BackupActs['removeTarget']>>().toEqualTypeOf<{ targetId: string }>()
  // What has a default need not be sent.
  expectTypeOf<{ targetId: string; backupId: string; nonce: string }>().toExtend<Sent<BackupActs['check']>>()
})
