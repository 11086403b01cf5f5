import 'server-only'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { checkNewPassword, hashPassword } from '../access/password.ts'
import { can, type Role } from '../access/permissions.ts'
import type { User } from '../access/users.ts'
import { requireVm } from '../hosts/find-vm.ts'
import { readJob } from '../jobs/read-jobs.ts'
import { Refusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import { settings } from '../settings/settings.ts'
import { readSnapshotTree } from '../snapshots/read-snapshot-tree.ts'
import { store } from '../store/store.ts'
import { LIFETIME_MS, LIFETIMES } from './lifetimes.ts'
import { qrCode } from './qr-code.ts'
import { createToken, hashOfToken, shareLink } from './share-token.ts'
import type { NewShare, ShareSubject } from './types.ts'

/** Links that ended are shown this long, then forgotten; the audit log keeps that they were made. */
const ENDED_KEPT_MS = 30 * 24 * 3_600_000

export const SubjectInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('vm'), host: z.string(), vm: z.string() }),
  z.object({ kind: z.literal('snapshot'), host: z.string(), vm: z.string(), snapshot: z.string() }),
  z.object({ kind: z.literal('job'), jobId: z.string() }),
  z.object({ kind: z.literal('backups'), host: z.string(), vm: z.string() }),
])
/** An empty password: the link is enough. */
export const ShareInput = z.intersection(
  SubjectInput,
  z.object({ lifetime: z.enum(LIFETIMES), password: z.string(), showPaths: z.boolean() }),
)

/** Makes a link to a thing that is there now. Only the token's hash is kept, so the link can be told once. Throws Refusal, HostDown, VmGone. */
export async function createShare(input: z.infer<typeof ShareInput>, user: User): Promise<NewShare> {
  if (input.password !== '') checkNewPassword(input.password, 'password')
  const bound = await bind(input)
  const [token, nowMs] = [createToken(), Date.now()]
  const share = { id: randomUUID(), expires_at_ms: nowMs + LIFETIME_MS[input.lifetime] }
  const link = shareLink(settings().url, token)
  const qr = qrCode(link)
  await store()
    .deleteFrom('shares')
    .where((where) =>
      where.or([
        where('expires_at_ms', '<', nowMs - ENDED_KEPT_MS),
        where('revoked_at_ms', '<', nowMs - ENDED_KEPT_MS),
      ]),
    )
    .execute()
  const passwordHash = input.password === '' ? null : await hashPassword(input.password)
  await store()
    .transaction()
    .execute(async (transaction) => {
      // What was read above took time: a link must not outlive a right that was taken away meanwhile.
      const maker = await transaction
        .selectFrom('users')
        .select(['role', 'disabled'])
        .where('id', '=', user.id)
        .executeTakeFirst()
      if (!maker || maker.disabled === 1 || !can({ role: maker.role as Role }, 'share.create'))
        throw new Refusal('You may not make share links any more. No link was made.')
      await transaction
        .insertInto('shares')
        .values({
          ...share,
          ...bound,
          kind: input.kind,
          token_hash: hashOfToken(token),
          show_paths: input.showPaths ? 1 : 0,
          password_hash: passwordHash,
          created_by: user.name,
          created_by_id: user.id,
          created_at_ms: nowMs,
          revoked_at_ms: null,
          opened_count: 0,
          last_opened_at_ms: null,
        })
        .execute()
    })
  publish({ type: 'share', shareId: share.id })
  return { link, expiresAtMs: share.expires_at_ms, qr }
}

/** What the link is tied to: the UUID of a VM, with it the name and the creation time of a snapshot, the id of a job. */
async function bind(input: ShareSubject) {
  switch (input.kind) {
    case 'vm':
    case 'backups': {
      const { host, vm } = await requireVm(input.host, input.vm)
      return {
        host: host.name,
        vm_uuid: vm.uuid,
        snapshot: null,
        snapshot_created_at_ms: null,
        job_id: null,
        label: vm.name,
      }
    }
    case 'snapshot': {
      const { host, vm } = await requireVm(input.host, input.vm)
      const node = (await readSnapshotTree(host.name, vm.uuid)).nodes.find(
        (each) => each.name === input.snapshot,
      )
      if (!node) throw new Refusal(`${vm.name} has no snapshot ${input.snapshot} any more. No link was made.`)
      return {
        host: host.name,
        vm_uuid: vm.uuid,
        snapshot: node.name,
        snapshot_created_at_ms: node.createdAtMs,
        job_id: null,
        label: `${node.name} of ${vm.name}`,
      }
    }
    case 'job': {
      const job = await readJob(input.jobId)
      if (!job) throw new Refusal('There is no such job. No link was made.')
      return {
        host: job.host,
        vm_uuid: job.vmUuid,
        snapshot: null,
        snapshot_created_at_ms: null,
        job_id: job.id,
        label: job.title,
      }
    }
  }
}
