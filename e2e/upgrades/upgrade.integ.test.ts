import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { patternAt } from '../../lib/testing/image-bytes.ts'
import { startKeyframe, type Keyframe } from '../../lib/testing/in-process.ts'
import type { Lab } from '../../lib/testing/lab/lab.ts'
import { startTestLab } from '../../lib/testing/lab/test-lab.ts'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'

// Data as an older Keyframe left it opens with today's code, and nothing of it is lost (e2e/upgrades/README.md).

interface Told {
  labDirectory: string
  targetPath: string
  sessionId: string
  shareLink: string
  invitation: string
  vms: { db: string; template: string }
}

let folder: string
let lab: Lab
let keyframe: Keyframe
let told: Told
let targetPath: string

/** The lab stands elsewhere than the one of then: its folder is written into the old data. Nothing else of it is touched. */
function moveData(file: string, from: string, to: string): void {
  const database = new DatabaseSync(file)
  for (const { name: table } of database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all() as { name: string }[]) {
    for (const { name: column, type } of database
      .prepare(`SELECT name, type FROM pragma_table_info('${table}')`)
      .all() as { name: string; type: string }[]) {
      // Manifests are sealed, and say where the disks were then.
      if (!/text|blob/i.test(type) || (table === 'backups' && column === 'manifest')) continue
      try {
        database
          .prepare(
            `UPDATE "${table}" SET "${column}" = replace("${column}", ?, ?) WHERE instr("${column}", ?) > 0`,
          )
          .run(from, to, from)
      } catch (error) {
        // Records of the audit log can't be changed, and hold what was asked, not where anything is.
        if (!/append-only|never changed/i.test(String(error)) && !table.startsWith('audit')) throw error
      }
    }
  }
  database.close()
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kf-upgrade-'))
  execFileSync('tar', ['-xzf', fileURLToPath(new URL('3a14e44.tar.gz', import.meta.url)), '-C', folder])
  told = JSON.parse(readFileSync(join(folder, 'told.json'), 'utf8')) as Told
  lab = await startTestLab('upgrade')
  targetPath = join(lab.dir, 'backups')
  cpSync(join(folder, 'backups'), targetPath, { recursive: true })
  for (const path of ['', ...readdirSync(targetPath, { recursive: true, encoding: 'utf8' })])
    lab.user.own(join(targetPath, path))
  for (const name of ['db', 'template']) {
    const file = join(folder, `${name}.xml`)
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(told.labDirectory, lab.dir))
    await lab.virsh('define', file)
  }
  copyFileSync(join(folder, 'db-vda.qcow2'), join(lab.imagesDir, 'db-vda.qcow2'))
  lab.user.own(join(lab.imagesDir, 'db-vda.qcow2'))
  for (const name of ['keyframe.db', 'jobs.db'])
    moveData(join(folder, 'data', name), told.labDirectory, lab.dir)
  keyframe = await startKeyframe(lab, { dataDir: join(folder, 'data') })
})
afterAll(async () => {
  await keyframe?.stop()
  await lab?.stop({ remove: true })
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const rows = async (
  table: 'users' | 'schedules' | 'shares' | 'notification_channels' | 'left_out_vms' | 'jobs' | 'backups',
) => (await import('../../lib/store/store.ts')).store().selectFrom(table).selectAll().execute()

describe('data of 3a14e44', () => {
  it('users are there with their passwords and rights; sessions ended, once', async () => {
    const users = (await rows('users')) as { name: string; role: string; disabled: number }[]
    expect(users.map(({ name, role, disabled }) => `${name} ${role} ${disabled}`).sort()).toEqual([
      'admin admin 0',
      'dora operator 1',
      'ian viewer 0',
      'olga operator 0',
      'vic viewer 0',
    ])
    const { authenticate } = await import('../../lib/access/authenticate.ts')
    const { readSession } = await import('../../lib/access/sessions.ts')
    const from = { address: '192.0.2.7', agent: 'a browser' }
    expect(await readSession(told.sessionId)).toBeNull()
    expect(await authenticate('dora', 'the password of dora', from)).toHaveProperty('refused')
    const signedIn = await authenticate('olga', 'the password of olga', from)
    expect(signedIn).toMatchObject({ user: { name: 'olga', role: 'operator' } })
  })

  it('an invitation still leads in', async () => {
    const { readSetupToken } = await import('../../lib/access/setup-link.ts')
    const token = new URL(told.invitation).pathname.split('/')[2]!
    // It works for a day: as of the day on which the data was written.
    await (
      await import('../../lib/store/store.ts')
    )
      .store()
      .updateTable('setup_tokens')
      .set({ expires_at_ms: Date.now() + 60_000 })
      .execute()
    expect(await readSetupToken(token)).toEqual({ userName: 'ian' })
  })

  it('the schedule, the channel with its secret, the share link and who is left out are there', async () => {
    expect(await rows('schedules')).toMatchObject([{ vm_uuid: told.vms.db, enabled: 1 }])
    expect(await rows('left_out_vms')).toMatchObject([
      { vm_uuid: told.vms.template, reason: 'made anew in minutes' },
    ])
    const { channelRows, toChannel } = await import('../../lib/notifications/channels.ts')
    expect((await channelRows()).map(toChannel)).toMatchObject([
      { name: 'on call', secrets: { url: 'https://ntfy.example/an-old-topic', token: 'tk_an_old_token' } },
    ])
    await (
      await import('../../lib/store/store.ts')
    )
      .store()
      .updateTable('shares')
      .set({ expires_at_ms: Date.now() + 60_000 })
      .execute()
    const { findShare } = await import('../../lib/shares/find-share.ts')
    expect(await findShare(new URL(told.shareLink).pathname.split('/')[2]!)).toMatchObject({
      kind: 'backups',
      vmUuid: told.vms.db,
    })
  })

  it('the backup that was under way comes to its end, with the right bytes', async () => {
    const job = await waitUntil(
      async () => {
        const unfinished = (await rows('jobs')) as {
          kind: string
          ended_at_ms: number | null
          status: string
          error: string | null
        }[]
        return unfinished.every((each) => each.ended_at_ms !== null)
          ? unfinished.filter((each) => each.kind === 'backup-copy').at(-1)
          : undefined
      },
      { limitMs: 60_000, what: 'The end of the job of then' },
    )
    expect([job.status, job.error]).toEqual(['succeeded', null])
    const { listBackups } = await import('../../lib/backups/catalogue/catalogue.ts')
    const backups = await listBackups({ vmUuid: told.vms.db })
    expect(backups.map((backup) => backup.check)).toEqual(['good', expect.any(String)])
    for (const backup of backups)
      expect(await patternAt(join(targetPath, backup.id, 'vda.qcow2'), 'qcow2')).toBe(0x21)
  })

  it('its backups are signed by themselves, count as its own after a rescan, and can be restored', async () => {
    const { listBackups } = await import('../../lib/backups/catalogue/catalogue.ts')
    const { rebuildCatalogue } = await import('../../lib/backups/catalogue/rebuild-catalogue.ts')
    const backups = await listBackups({ vmUuid: told.vms.db })
    const targetId = backups[0]!.targetId
    // What schedules do every few minutes.
    const { lookAtTarget } = await import('../../lib/schedules/look-at-targets.ts')
    await lookAtTarget(targetId)
    for (const { id } of backups) expect(existsSync(join(targetPath, id, 'manifest.sig'))).toBe(true)
    const rescanned = await rebuildCatalogue(targetId)
    expect([rescanned.found.sort(), rescanned.foreign]).toEqual([backups.map(({ id }) => id).sort(), []])
    const { startRestore } = await import('../../lib/backups/restore/start-restore.ts')
    const job = await keyframe.ended(
      await startRestore(
        {
          targetId,
          backupId: backups[0]!.id,
          name: 'restored',
          directory: lab.imagesDir,
          networkUp: false,
          bandwidthBytesPerSecond: 0,
          nonce: crypto.randomUUID(),
        },
        { name: 'tester' },
      ),
    )
    expect([job.status, job.error]).toEqual(['succeeded', null])
    expect(await patternAt(join(lab.imagesDir, 'restored-vda.qcow2'), 'qcow2')).toBe(0x21)
  })

  it('what there was before is kept beside it', () => {
    const kept = readdirSync(keyframe.dataDir).filter((name) => name.startsWith('before-'))
    expect(kept).toHaveLength(1)
    expect(statSync(join(keyframe.dataDir, kept[0]!, 'keyframe.db')).size).toBeGreaterThan(0)
  })
})
