/**
 * Writes the data folder of an upgrade's test with the code that stands here: users, a session, a share link, a schedule, a channel, a VM
 * that is left out, a full backup, and a second backup that is killed while it copies (e2e/upgrades/README.md).
 * Argument: the folder to write, which must be empty. The lab stays in /tmp until the next test run sweeps it.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../lib/testing/lab/run-command.ts'
import { startTestLab } from '../../lib/testing/lab/test-lab.ts'

const MIB = 1024 * 1024
const [out = ''] = process.argv.slice(2)

async function makeEverything(dataDirectory: string, uri: string, targetPath: string): Promise<void> {
  Object.assign(process.env, {
    LIBVIRT_URI: `lab=${uri.replaceAll(',', '%2C')}`,
    KEYFRAME_DATA: dataDirectory,
  })
  const { openStore } = await import('../../lib/store/store.ts')
  const { startOperations } = await import('../../lib/start/start-operations.ts')
  const { onBoundary } = await import('../../lib/jobs/boundaries.ts')
  const { readJob } = await import('../../lib/jobs/read-jobs.ts')
  const { createUser } = await import('../../lib/access/users.ts')
  const { authenticate } = await import('../../lib/access/authenticate.ts')
  const { inviteUser } = await import('../../lib/access/invite-user.ts')
  const { disableUser } = await import('../../lib/access/disable-user.ts')
  const { hostByName } = await import('../../lib/hosts/registry.ts')
  const { addTarget } = await import('../../lib/backups/targets/add-target.ts')
  const { startBackup } = await import('../../lib/backups/start-backup.ts')
  const { startCheck } = await import('../../lib/backups/check/start-check.ts')
  const { listBackups } = await import('../../lib/backups/catalogue/catalogue.ts')
  const { saveSchedule } = await import('../../lib/schedules/save-schedule.ts')
  const { leaveOut } = await import('../../lib/schedules/left-out.ts')
  const { saveChannel } = await import('../../lib/notifications/save-channel.ts')
  const { createShare } = await import('../../lib/shares/create-share.ts')
  await openStore()
  await startOperations(null)
  const from = { address: '192.0.2.7', agent: 'a browser of then' }
  await createUser('admin', 'the password of admin', 'admin')
  const olga = await createUser('olga', 'the password of olga', 'operator')
  await createUser('vic', 'the password of vic', 'viewer')
  const dora = await createUser('dora', 'the password of dora', 'operator')
  await disableUser(dora.id)
  const invited = await inviteUser({ name: 'ian', role: 'viewer' })
  const session = await authenticate('olga', 'the password of olga', from)
  const ended = async ({ jobId }: { jobId: string }) => {
    for (;;) {
      const job = await readJob(jobId)
      if (job !== null && job.endedAtMs !== null) {
        if (job.status !== 'succeeded') throw new Error(`${job.title}: ${job.error}`)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const vms = await hostByName('lab')!.inventory.vms()
  const uuid = (name: string) => vms.find((vm) => vm.name === name)!.uuid
  const target = await addTarget({ host: 'lab', name: 'nightly', place: targetPath, quotaBytes: null })
  const input = {
    host: 'lab',
    vm: uuid('db'),
    targetId: target.id,
    method: 'copy' as const,
    disks: null,
    quiesce: 'off' as const,
    bandwidthBytesPerSecond: 0,
    forceFull: false,
  }
  await ended(await startBackup({ ...input, nonce: crypto.randomUUID() }, olga))
  const [full] = await listBackups()
  await ended(await startCheck({ targetId: target.id, backupId: full!.id, nonce: crypto.randomUUID() }, olga))
  await saveSchedule(
    {
      id: crypto.randomUUID(),
      exists: false,
      host: 'lab',
      vmUuid: uuid('db'),
      targetId: target.id,
      method: 'copy',
      quiesce: 'off',
      when: { kind: 'times', times: ['02:30'], days: [1, 2, 3, 4, 5, 6, 7] },
      timeZone: 'Europe/Berlin',
      retention: { last: 7, daily: 0, weekly: 0, monthly: 0 },
    },
    olga,
  )
  await leaveOut({ host: 'lab', vm: uuid('template'), reason: 'made anew in minutes' }, olga)
  await saveChannel(
    {
      id: crypto.randomUUID(),
      exists: false,
      name: 'on call',
      kind: 'ntfy',
      secretUrl: 'https://ntfy.example/an-old-topic',
      token: 'tk_an_old_token',
      hearsProtection: false,
      hearsJobs: false,
      digestAt: null,
      timeZone: 'UTC',
    },
    { name: 'admin' },
  )
  const share = await createShare(
    {
      kind: 'backups',
      host: 'lab',
      vm: uuid('db'),
      lifetime: '30d',
      password: 'the password of the link',
      showPaths: false,
    },
    olga,
  )
  writeFileSync(
    join(dataDirectory, '..', 'told.json'),
    `${JSON.stringify({ commit: '3a14e44', labDirectory: join(targetPath, '..'), targetPath, sessionId: 'sessionId' in session ? session.sessionId : null, shareLink: share.link, invitation: invited.link, vms: { db: uuid('db'), template: uuid('template') } }, null, 2)}\n`,
  )
  onBoundary(async ({ step, at }) => {
    if (step === 'copy vda' && at === 'acted') process.kill(process.pid, 'SIGKILL')
  })
  await startBackup({ ...input, nonce: crypto.randomUUID() }, olga)
  await new Promise(() => undefined)
}

const [, dataDirectory, uri, targetPath] = process.argv.slice(2)
if (dataDirectory !== undefined && uri !== undefined && targetPath !== undefined)
  await makeEverything(dataDirectory, uri, targetPath)
else {
  const lab = await startTestLab('upgrade')
  await lab.defineGuest({ name: 'db', system: 'none', disks: [{ format: 'qcow2', virtualBytes: 4 * MIB }] })
  await lab.defineGuest({ name: 'template', system: 'none', disks: [{ format: 'raw', virtualBytes: MIB }] })
  await run('qemu-io', ['-f', 'qcow2', '-c', `write -P 0x21 0 ${MIB}`, join(lab.imagesDir, 'db-vda.qcow2')])
  const target = join(lab.dir, 'backups')
  mkdirSync(target)
  lab.user.own(target)
  mkdirSync(join(out, 'data'), { recursive: true, mode: 0o700 })
  // As npm start makes it.
  writeFileSync(join(out, 'data', 'secret'), '00112233445566778899aabbccddeeff'.repeat(2), { mode: 0o600 })
  process.env.NEXTAUTH_SECRET = '00112233445566778899aabbccddeeff'.repeat(2)
  const { signal } = spawnSync(
    process.execPath,
    ['--conditions=react-server', fileURLToPath(import.meta.url), out, join(out, 'data'), lab.uri, target],
    { stdio: 'inherit' },
  )
  if (signal !== 'SIGKILL') throw new Error('the second backup was to be killed')
  for (const name of ['db', 'template'])
    writeFileSync(join(out, `${name}.xml`), await lab.virsh('dumpxml', '--inactive', '--domain', name))
  cpSync(target, join(out, 'backups'), { recursive: true })
  cpSync(join(lab.imagesDir, 'db-vda.qcow2'), join(out, 'db-vda.qcow2'))
  await lab.stop()
  process.stdout.write(`${out}\n`)
}
